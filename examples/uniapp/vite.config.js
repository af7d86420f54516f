const { defineConfig } = require('vite')
const uni = require('@dcloudio/vite-plugin-uni')
module.exports = defineConfig({ plugins: [(uni.default ?? uni)()] })
