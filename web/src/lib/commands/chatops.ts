import { line } from "../shell";

/** A `chatops` command line, quoted for a shell; what is null, undefined or false is left out. */
export const chatops = (...words: Parameters<typeof line>) => line("chatops", ...words);
