import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { all, post, remove, segment } from "./client";
import type { ApiKey, ApiKeyCreated } from "./types";

export function useKeys(server: string) {
  return useQuery({
    queryKey: ["keys", server],
    queryFn: () => all<ApiKey>("/api-keys", { server }),
  });
}

function useKeysMutation<V, R>(change: (values: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["keys"] });
      void client.invalidateQueries({ queryKey: ["servers"] });
    },
  });
}

/** `expires_in` is seconds; null never. */
export const useCreateKey = () =>
  useKeysMutation((body: { server: string; name: string; expires_in: number | null }) =>
    post<ApiKeyCreated>("/api-keys", body),
  );

export const useRevokeKey = () =>
  useKeysMutation((id: string) => remove<ApiKey>(`/api-keys/${segment(id)}`));
