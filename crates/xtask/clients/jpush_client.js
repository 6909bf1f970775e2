// JPush's own Node.js client against this register. Nothing of it is changed: it speaks to a host of its own by https, so
// that what it sends there is sent, as it is, to the address given.

const assert = require('node:assert')
const http = require('node:http')
const https = require('node:https')
const path = require('node:path')
const { createRequire } = require('node:module')

const [address, packages] = process.argv.slice(2)
const { hostname, port } = new URL(address)

const sent = []
https.request = (options, callback) => {
  sent.push(`${options.host} ${options.method} ${options.path}`)
  const there = { protocol: 'http:', host: hostname, hostname, port, agent: http.globalAgent }
  return http.request({ ...options, ...there }, callback)
}

const JPush = createRequire(path.join(packages, 'of-its-own.js'))('jpush-sdk')
const KEY = '0123456789abcdef01234567'
const SECRET = 'fedcba987654321001234567'
const client = JPush.buildClient(KEY, SECRET)

// The client calls back; what it gives back is the body, or an error of its own.
const call = (method, ...args) => called(client, method, ...args)
const called = (client, method, ...args) => new Promise((resolve, reject) => {
  client[method](...args, (error, body) => error ? reject(error) : resolve(body))
})

async function enrol (device, deviceType) {
  const body = { request: { application: KEY, hwid: device, device_type: deviceType } }
  const headers = { Authorization: 'Token DEV-TOKEN', 'Content-Type': 'application/json' }
  const answer = await fetch(`${address}/json/1.3/registerDevice`, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.equal((await answer.json()).status_code, 200)
}

async function refused (promise) {
  const error = await promise.then(() => assert.fail('not refused'), error => error)
  assert.equal(error.name, 'APIRequestError', error)
  return [error.httpCode, JSON.parse(error.response).error.code]
}

const tests = {
  async 'a device is changed and looked up' () {
    assert.deepEqual(await call('updateDeviceTagAlias', 'n1', 'ann', false, ['b', 'a', '汉字'], ['c']), {})
    assert.deepEqual(await call('setMobile', 'n1', '13012345678'), {})
    const told = { tags: ['a', 'b', '汉字'], alias: 'ann', mobile: '13012345678' }
    assert.deepEqual(await call('getDeviceTagAlias', 'n1'), told)
    // Neither alias nor tags: an empty object of tags is sent.
    assert.deepEqual(await call('updateDeviceTagAlias', 'n1', null, false, [], []), {})
    assert.deepEqual(await call('getDeviceTagAlias', 'n1'), told)
    assert.deepEqual(await call('updateDeviceTagAlias', 'n1', '', true, [], []), {})
    assert.deepEqual(await call('setMobile', 'n1', ''), {})
    assert.deepEqual(await call('getDeviceTagAlias', 'n1'), { tags: [], alias: null, mobile: null })
  },

  async 'tags are put on devices, listed, asked for and deleted' () {
    assert.deepEqual(await call('addRemoveDevicesFromTag', 'news', ['n1', 'n2'], []), {})
    assert.deepEqual(await call('getTagList'), { tags: ['news'] })
    assert.deepEqual(await call('isDeviceInTag', 'news', 'n1'), { result: true })
    assert.deepEqual(await call('addRemoveDevicesFromTag', 'news', null, ['n1']), {})
    assert.deepEqual(await call('isDeviceInTag', 'news', 'n1'), { result: false })
    assert.deepEqual(await call('deleteTag', 'news', 'ios'), {})
    assert.deepEqual(await call('isDeviceInTag', 'news', 'n2'), { result: true })
    assert.deepEqual(await call('deleteTag', 'news', null), {})
    assert.deepEqual(await call('getTagList'), { tags: [] })
  },

  async 'aliases are looked up' () {
    for (const device of ['n1', 'n2']) {
      await call('updateDeviceTagAlias', device, 'ann', false, [], [])
    }
    assert.deepEqual(await call('getAliasDeviceList', 'ann', null), { registration_ids: ['n1', 'n2'] })
    assert.deepEqual(await call('getAliasDeviceList', 'ann', 'android'), { registration_ids: ['n2'] })
    assert.deepEqual(await call('getAliasDeviceList', 'nobody', null), { registration_ids: [] })
  },

  async 'what is wrong is an error of the client with its code' () {
    assert.deepEqual(await refused(call('getDeviceTagAlias', 'nobody')), [400, 7002])
    assert.deepEqual(await refused(call('addRemoveDevicesFromTag', 'news', [], [])), [400, 7002])
    assert.deepEqual(await refused(call('addRemoveDevicesFromTag', 'news', ['nobody'], [])), [400, 7013])
    assert.deepEqual(await refused(call('getAliasDeviceList', 'ann', 'amiga')), [400, 7002])
    const wrong = JPush.buildClient(KEY, '0'.repeat(24))
    assert.deepEqual(await refused(called(wrong, 'getTagList')), [401, 7004])
    const unknown = JPush.buildClient('f'.repeat(24), SECRET)
    assert.deepEqual(await refused(called(unknown, 'getTagList')), [400, 7008])
  }
}

async function main () {
  await enrol('n1', 1)
  await enrol('n2', 3)
  for (const [name, test] of Object.entries(tests)) {
    await test()
    console.log(`ok: ${name}`)
  }
  assert.ok(sent.length > 20 && sent.every(line => line.startsWith('device.jpush.cn ')), sent.join('\n'))
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
