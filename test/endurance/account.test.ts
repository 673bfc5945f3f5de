import t from 'tap'
import { Account, lost } from '../../src/endurance/account.ts'

t.test('the account of a run', async (t) => {
  t.test('loses a text that was acknowledged and never arrives', async (t) => {
    const account = new Account()
    account.send('one')
    account.answered('one', true)
    t.match(account.close().losses, [{ kind: 'message', what: /^one was acknowledged/ }])
  })

  t.test('takes a text that arrives before its answer', async (t) => {
    const account = new Account()
    account.send('one')
    account.arrive('one')
    account.answered('one', true)
    t.equal(lost(account.close()), 0)
  })

  t.test('takes a text that arrives after its answer', async (t) => {
    const account = new Account()
    account.send('one')
    account.answered('one', true)
    account.arrive('one')
    t.equal(lost(account.close()), 0)
  })

  t.test('owes nothing for a text that was refused', async (t) => {
    const account = new Account()
    account.send('one')
    account.answered('one', false)
    t.equal(lost(account.close()), 0)
  })

  t.test('counts a text that arrives twice, and does not call it lost', async (t) => {
    const account = new Account()
    account.send('one')
    account.arrive('one')
    account.arrive('one')
    t.match(account.close(), { twice: 1, losses: [] })
  })

  t.test('loses a request without an answer', async (t) => {
    const account = new Account()
    account.ask('call')
    account.answer('call', 'hanging', 'the call')
    t.match(account.close(), { deeds: { call: { asked: 1, hanging: 1 } }, losses: [{ kind: 'hanging' }] })
  })

  t.test('owes watchers the version that was acknowledged before, and no newer one', async (t) => {
    const account = new Account()
    account.publish('sip:alice@lab.test', 3, 1000)
    t.equal(account.owedVersion('sip:alice@lab.test', 999), 0)
    t.equal(account.owedVersion('sip:alice@lab.test', 1000), 3)
  })

  t.test('lists a bounded number of losses and counts all of them', async (t) => {
    const account = new Account()
    for (let at = 0; at < 1000; at++) account.lose('call', `call ${at}`)
    t.equal(account.balance().losses.length, 200)
    t.equal(lost(account.balance()), 1000)
  })
})
