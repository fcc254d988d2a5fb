import { Button } from "@/ui/button";

interface Props {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** The way to what is further back. */
export function Older({ query }: Props) {
  if (!query.hasNextPage) return null;
  return (
    <Button
      className="justify-self-center"
      disabled={query.isFetchingNextPage}
      onClick={() => void query.fetchNextPage()}
    >
      Show older
    </Button>
  );
}
