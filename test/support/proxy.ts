import { createServer } from 'node:http';
import { connect } from 'node:net';
import { listen } from './modelServer.ts';

/** A proxy that leads every connection to one server, and remembers where they wanted to go; closed after the test. */
export async function startProxy(target: string): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const upstream = connect(Number(new URL(target).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket]) end.on('error', () => upstream.destroy());
  });
  return { address: await listen(proxy), asked };
}
