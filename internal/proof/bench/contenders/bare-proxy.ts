import { Agent } from "node:http";
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";

/**
 * http-proxy-middleware on Express as its README shows it,
 * with a keep-alive agent: no identity, metrics or limits.
 */

const app = express();
const agent = new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 128, scheduling: "lifo" });
app.get("/ready", (_req, res) => {
  res.end();
});
app.use("/api", createProxyMiddleware({ target: process.env.UPSTREAM!, agent, changeOrigin: false }));
app.listen(Number(process.env.PORT), "127.0.0.1");
