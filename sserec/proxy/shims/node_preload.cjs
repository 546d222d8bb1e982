'use strict';
// Leads http, https and fetch of a Node that cannot do so by itself through the proxy that HTTPS_PROXY names: Node does
// it with NODE_USE_ENV_PROXY from 22.21 and 24.5 on. `sserec record` names this file in NODE_OPTIONS.
//
// What a program chose for itself stays its own: agents with a way to connect, sockets, dispatchers.

const [major, minor] = process.versions.node.split('.').map(Number);
const knowsProxies = major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);

if (process.env.SSEREC_SESSION && process.env.HTTPS_PROXY && !knowsProxies) {
  lead(new URL(process.env.HTTPS_PROXY));
}

function lead(proxy) {
  const http = require('http');
  const https = require('https');
  const net = require('net');
  const tls = require('tls');
  const credentials = decodeURIComponent(proxy.username) + ':' + decodeURIComponent(proxy.password);
  const authorization = 'Basic ' + Buffer.from(credentials).toString('base64');

  /** A tunnel to host:port; `done` gets an error or the socket. */
  function tunnel(host, port, done) {
    const target = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
    const request = http.request({
      method: 'CONNECT',
      path: target,
      headers: { host: target, 'proxy-authorization': authorization },
      createConnection: () => net.connect({ host: proxy.hostname, port: proxy.port, noDelay: true }),
    });
    request.once('error', done);
    request.once('connect', (response, socket, early) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        return done(new Error(`sserec's proxy answered ${response.statusCode} for ${target}`));
      }
      if (early.length) socket.unshift(early);
      done(null, socket);
    });
    request.end();
  }

  /** The same with TLS begun on it. */
  function secureTunnel(options, done) {
    const host = options.host || options.hostname || 'localhost';
    tunnel(host, options.port || 443, (error, socket) => {
      if (error) return done(error);
      const servername = options.servername || (net.isIP(host) ? '' : host);
      done(null, tls.connect({ ...options, socket, servername }));
    });
  }

  function plainTunnel(options, done) {
    tunnel(options.host || options.hostname || 'localhost', options.port || 80, done);
  }

  /** Unix sockets have no proxy, and a client that talks to the proxy by itself has found its way. */
  function goesItsOwnWay(options) {
    const isProxy = String(options.port) === proxy.port && options.host === proxy.hostname;
    return options.socketPath || options.socket || isProxy;
  }

  for (const [module, through] of [[http, plainTunnel], [https, secureTunnel]]) {
    const direct = module.Agent.prototype.createConnection;
    module.Agent.prototype.createConnection = function createConnection(options, done) {
      if (typeof options !== 'object' || typeof done !== 'function' || goesItsOwnWay(options)) {
        return direct.apply(this, arguments);
      }
      through(options, done);
    };
  }

  /** Connects for fetch, whose pool wants a socket that is ready. */
  function connect(options, done) {
    if (options.protocol !== 'https:') {
      return tunnel(options.hostname, options.port || 80, done);
    }
    secureTunnel({ ...options, host: options.hostname, ALPNProtocols: ['http/1.1'] }, (error, socket) => {
      if (error) return done(error);
      socket.once('error', done);
      socket.once('secureConnect', () => {
        socket.removeListener('error', done);
        done(null, socket);
      });
    });
  }

  const dispatcher = Symbol.for('undici.globalDispatcher.1');
  const direct = globalThis.fetch;
  let isLed = false;

  /** The dispatcher is made when fetch is first needed; loading it for every program would cost each its start. */
  function leadFetch() {
    isLed = true;
    void globalThis.Headers; // makes Node load its own undici
    const chosen = globalThis[dispatcher];
    if (chosen && chosen.constructor.name === 'Agent') {
      globalThis[dispatcher] = new chosen.constructor({ connect });
    }
  }

  if (typeof direct === 'function') {
    globalThis.fetch = function fetch(input, init) {
      if (!isLed) leadFetch();
      return direct(input, init);
    };
  }
}
