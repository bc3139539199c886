import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter(),
      // `npm start` serves plain HTTP, and the adapter expects a proxy that speaks HTTPS before it.
      csrf: { trustedOrigins: [`http://localhost:${process.env.PORT ?? 3000}`] },
    }),
  ],
})
