/** The inspector's page: one document with its style and script, and nothing from elsewhere. */

import { PAGE_SCRIPT } from './page-script.ts'
import { PAGE_STYLE } from './page-style.ts'

/** The page, and the Content-Security-Policy that allows only what is in it. */
export function inspectorPage({ token, nonce }: { token: string; nonce: string }): {
  html: string
  policy: string
} {
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sessions: inspector</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${PAGE_STYLE}</style>
</head>
<body data-token="${token}">
<a class="skip" href="#main">Skip to the session</a>
<header>
  <h1>Session inspector</h1>
  <p>cookie <code id="name"></code>, <span id="live" role="status">connecting</span></p>
  <button id="reload" type="button">Look again</button>
</header>
<main id="main">
  <section aria-labelledby="t-session"><h2 id="t-session" tabindex="-1">This browser's session</h2>
    <p id="says" role="status">Loading.</p><ul id="warnings" class="plain note"></ul>
    <dl id="facts"></dl><div id="times"></div></section>
  <section aria-labelledby="t-cookie"><h2 id="t-cookie" tabindex="-1">Cookie</h2><div id="cookie"></div></section>
  <section aria-labelledby="t-time" class="wide"><h2 id="t-time" tabindex="-1">Timeline</h2>
    <fieldset><legend class="unseen">What to show</legend>
      <label><input type="checkbox" name="kind" value="open" checked> opens</label>
      <label><input type="checkbox" name="kind" value="commit" checked> commits</label>
      <label><input type="checkbox" name="kind" value="event" checked> events</label>
      <label><input type="checkbox" name="kind" value="warning" checked> warnings</label>
      <button id="clear" type="button">Clear</button></fieldset>
    <p id="news" class="unseen" role="status"></p>
    <ol id="timeline" tabindex="0" aria-label="Timeline, the newest first"></ol></section>
  <section aria-labelledby="t-data" class="wide"><h2 id="t-data" tabindex="-1">Data</h2><div id="data"></div></section>
  <section aria-labelledby="t-others" class="wide"><h2 id="t-others" tabindex="-1">Sessions of this user</h2>
    <p id="done" role="status" class="soft"></p><div id="others"></div></section>
  <section aria-labelledby="t-explain"><h2 id="t-explain" tabindex="-1">Explain a cookie</h2>
    <form id="explain"><label for="pasted">A value, a Cookie or Set-Cookie header, or a whole response</label>
      <textarea id="pasted" rows="4" spellcheck="false" autocomplete="off"></textarea>
      <button>Explain</button></form><div id="explained" aria-live="polite"></div></section>
  <section aria-labelledby="t-settings"><h2 id="t-settings" tabindex="-1">Settings</h2><div id="secrets"></div>
    <details><summary>All settings in force</summary><pre id="policy"></pre></details></section>
</main>
<noscript><p>The inspector needs JavaScript.</p></noscript>
<script nonce="${nonce}">${PAGE_SCRIPT}</script>
</body>
</html>
`
  return { html, policy }
}
