import './wechat-card.js' // before a router: it remembers the address under which the page was opened
import { createApp } from 'vue'
import App from './App.vue'

createApp(App).mount('#app')
