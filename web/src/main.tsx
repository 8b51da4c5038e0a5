/** Starts the console: who is here, what happens, what was not finished, and the first page. */
import { QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";
import { keepLinksInside } from "./address";
import { queries } from "./api/queries";
import { App } from "./app";
import { freshen } from "./live/freshen";
import { listen } from "./live/stream";
import { ask } from "./session";
import "./styles/index.css";
import { followStored } from "./uploads/following";
import { restore } from "./uploads/queue";

keepLinksInside();
followStored();
freshen();
listen();
void ask();
void restore();
render(
  <QueryClientProvider client={queries}>
    <App />
  </QueryClientProvider>,
  document.getElementById("console")!,
);
