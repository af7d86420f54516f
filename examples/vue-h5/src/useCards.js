import { onMounted, readonly, ref } from 'vue'
import { addCard, chooseCard, config, openCard } from './wechat-card.js'

/** The helper as a composable: what it says to the user is note, and one call is under way at a time. */
export function useCards() {
  const note = ref('')
  const busy = ref(false)

  async function run(work) {
    if (busy.value) return
    busy.value = true
    note.value = ''
    try {
      return await work()
    } catch (err) {
      note.value = err.message
    } finally {
      busy.value = false
    }
  }

  // With a router, once more after each navigation: the address is signed.
  onMounted(() => run(config))

  return {
    note: readonly(note),
    busy: readonly(busy),
    take: (asked) => run(async () => openCard((await addCard(asked)).cardList)),
    choose: (asked) => run(() => chooseCard(asked)),
  }
}
