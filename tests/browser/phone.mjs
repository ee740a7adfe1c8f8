// A person's phone: the API and the presence socket, as an app uses them.
import { once } from "node:events";
import WebSocket from "ws";
import { codes, nextCode } from "./desk.mjs";

export async function signInPhone(server, number) {
  const known = codes(server, number).length;
  const post = async (path, body, token) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${server.base}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, body: await answer.json() };
  };
  await post("/auth/request_otp", { phone: number });
  const verified = await post("/auth/verify", { phone: number, otp: await nextCode(server, known, number) });
  const token = verified.body.access_token;
  return {
    ...verified,
    post: (path, body) => post(path, body, token),
    get: async (path) => (await fetch(`${server.base}${path}`, { headers: { authorization: `Bearer ${token}` } })).json(),
    async listen() {
      const socket = new WebSocket(`${server.base.replace("http", "ws")}/ws/presence`, { headers: { authorization: `Bearer ${token}` } });
      const heard = [];
      socket.on("message", (data) => heard.push(JSON.parse(data)));
      const closed = once(socket, "close");
      await once(socket, "open");
      return {
        closed,
        async hears(type) {
          const deadline = Date.now() + 10_000;
          while (!heard.some((event) => event.type === type)) {
            if (Date.now() > deadline) throw new Error(`no ${type} in ${JSON.stringify(heard)}`);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          return heard.find((event) => event.type === type);
        },
      };
    },
  };
}
