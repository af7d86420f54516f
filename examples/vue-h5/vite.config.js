import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [vue()],
  // vite dev asks the gateway of `./xcaddy.sh run`
  server: { proxy: { '/wechat': 'http://localhost:8080' } },
})
