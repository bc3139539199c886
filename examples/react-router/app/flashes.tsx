export function Flashes({ messages }: { messages: string[] }) {
  return messages.map((message, at) => (
    <p className="flash" key={at}>
      {message}
    </p>
  ))
}
