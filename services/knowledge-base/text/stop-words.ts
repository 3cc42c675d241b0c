/**
 * English function words that carry no topic: the short list of Snowball, which PostgreSQL and NLTK use too, without what only stands
 * behind an apostrophe there. A word that can be a name is told from the function word by how it is used (`terms.ts`).
 */
export const stopWords: ReadonlySet<string> = new Set(
  (
    "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its " +
    "itself they them their theirs themselves what which who whom this that these those am is are was were be been being " +
    "have has had having do does did doing a an the and but if or because as until while of at by for with about against " +
    "between into through during before after above below to from up down in out on off over under again further then once " +
    "here there when where why how all any both each few more most other some such no nor not only own same so than too " +
    "very s t can will just should now"
  ).split(" "),
);

/** Negations written with an apostrophe, without it. */
export const contractions: ReadonlySet<string> = new Set(
  "arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neednt shant shouldnt wasnt werent wont wouldnt aint".split(
    " ",
  ),
);
