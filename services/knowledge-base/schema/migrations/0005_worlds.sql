-- Up Migration
-- Says what a transaction sees, and refuses a world that is not there: it would see the canon, as if the world had nothing to say.
CREATE FUNCTION kb_enter(sees text, world text) RETURNS void LANGUAGE plpgsql
  AS $$ BEGIN
    PERFORM set_config('kb.sees', sees, true), set_config('kb.world', world, true);
    IF sees = 'world' AND NOT EXISTS (SELECT FROM worlds WHERE id = world::uuid) THEN
      RAISE EXCEPTION 'no such world' USING ERRCODE = 'KB404';
    END IF;
  END $$;

-- What a world tells differently is looked up by the world, at each search.
CREATE INDEX indexed_items_of_space ON indexed_items (generation_id, space, kind, item_id);

-- Down Migration
DROP INDEX indexed_items_of_space;
DROP FUNCTION kb_enter;
