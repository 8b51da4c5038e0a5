/** In the place of files, for an administrator whose key opens none. */
import { words } from "../words";
import { Empty } from "./bits";

export const NoFiles = () => (
  <Empty icon="key" title={words.noFiles.title}>
    <p>{words.noFiles.text}</p>
  </Empty>
);
