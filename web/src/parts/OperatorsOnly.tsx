import type { ReactNode } from "react";
import { useMe } from "@/api/auth";
import { atLeast } from "@/lib/roles";
import { Loaded, Nothing } from "./Loaded";

interface Props {
  /** What it is that operators only may see or do. */
  what: string;
  children: ReactNode;
}

/** A page for operators, of which nothing is asked of the hub for anybody else. */
export function OperatorsOnly({ what, children }: Props) {
  const me = useMe();
  return (
    <Loaded query={me}>
      {({ role }) =>
        atLeast(role, "operator") ? (
          children
        ) : (
          <Nothing>{what} is for operators, and your account is a viewer.</Nothing>
        )
      }
    </Loaded>
  );
}
