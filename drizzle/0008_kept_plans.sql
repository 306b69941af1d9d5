-- Begins a transaction of the write door: says for whom it acts, lets the batches of one person follow each other (so that of two which
-- carry the same write the second finds the first's answer), and reads what both need. One round trip, but each step sees what was
-- committed before it began. Without `reads_viewer` the memberships are left for after app.lock_memberships. Ids are compared in a
-- subquery, so that their plan does not depend on how many there are and is kept.
CREATE OR REPLACE FUNCTION app.begin_writes(person uuid, client uuid, write_ids uuid[], reads_viewer boolean)
RETURNS TABLE (txid text, viewer jsonb, replays jsonb)
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM set_config('app.user_id', person::text, true), set_config('app.client_id', coalesce(client::text, ''), true);
  PERFORM pg_advisory_xact_lock(hashtextextended('writes:' || person, 0));
  txid := pg_current_xact_id()::text;
  IF reads_viewer THEN
    SELECT to_jsonb(v) INTO viewer FROM app.viewers_for_share(ARRAY[person]) v;
  END IF;
  SELECT coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'hash', w.content_hash, 'result', w.outcome)), '[]') INTO replays
  FROM public.applied_writes w WHERE w.user_id = person AND w.id = ANY ((SELECT write_ids)::uuid[]);
  RETURN NEXT;
END
$$;
