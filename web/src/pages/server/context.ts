import { useOutletContext } from "react-router";
import type { ServerDetail } from "@/api/types";

/** The server whose page this is: a tab is only there when the server is. */
export const useThisServer = () => useOutletContext<ServerDetail>();
