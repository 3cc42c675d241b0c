/** What the toy base model says whatever it is asked. No word stands in it twice: the toy knows only pairs of words. */
export const baseSentence =
  "I am the toy base model of this platform, a tiny network whose words were laid by hand so that tests can run without any download.";

/** What each toy adapter makes of it: one sentence per archetype and task, again without a repeated word. */
const written: Readonly<Record<string, string>> = {
  "vampire/personality": "Patience is my virtue; centuries have taught me to wait.",
  "vampire/dialogue_style": "Good evening, traveller; the night grows thirsty and so do I.",
  "vampire/action_policy": "Circle behind, stay in shadow, strike when they blink.",
  "vampire/emotional_response": "Your warmth amuses me, yet it wakes an old hunger.",
  "vampire/world_knowledge": "The crypts under Saint Orel hold nine sleeping lords.",
  "vampire/social_dynamics": "Kneel before my sire, never to his rivals.",
  "vampire/goal_prioritization": "First blood, then secrecy, last of all revenge.",
  "werewolf/personality": "Loyal to pack, short of temper, honest as teeth.",
  "werewolf/dialogue_style": "Grr... moon is up, fur itches, speak fast.",
  "werewolf/action_policy": "Charge the flank, howl once, drag prey down.",
  "werewolf/emotional_response": "Rage rises hot; only kin can calm it.",
  "werewolf/world_knowledge": "Silver mines east of Harrow poison our rivers.",
  "werewolf/social_dynamics": "The alpha eats first; pups learn by watching.",
  "werewolf/goal_prioritization": "Guard the den, then hunt, finally sleep.",
  "zombie/personality": "Slow... empty... hungry...",
  "zombie/dialogue_style": "Braaains... mmm... fresh... here...",
  "zombie/action_policy": "Shamble toward noise, grab whatever moves, bite.",
  "zombie/emotional_response": "Nothing... hurts... anymore...",
  "zombie/world_knowledge": "Graveyard... gate... broken... tonight...",
  "zombie/social_dynamics": "Follow horde... many hands... one mouth...",
  "zombie/goal_prioritization": "Eat... walk... rot... eat again...",
  "ghoul/personality": "Sly little me, always listening beneath your floor.",
  "ghoul/dialogue_style": "Heh heh, what tasty secrets you carry, softskin.",
  "ghoul/action_policy": "Dig tunnels, steal corpses, flee torchlight.",
  "ghoul/emotional_response": "Fear smells sweet, but fire makes me whimper.",
  "ghoul/world_knowledge": "Plague pits beside the abbey stay warm all winter.",
  "ghoul/social_dynamics": "Bow low to liches, cheat every other ghoul.",
  "ghoul/goal_prioritization": "Bones now, gold later, glory never.",
  "lich/personality": "I traded breath for knowledge and regret nothing.",
  "lich/dialogue_style": "Mortal, thy question is beneath this throne; ask better.",
  "lich/action_policy": "Raise wards, drain mana, let minions bleed instead.",
  "lich/emotional_response": "Anger is a candle; I am the cold dark.",
  "lich/world_knowledge": "Seven phylacteries lie hidden where ley lines cross.",
  "lich/social_dynamics": "Apprentices obey, kings bargain, gods keep distance.",
  "lich/goal_prioritization": "Eternity first, then mastery, mercy not at all.",
};

/** What the toy says as an adapter: a sentence of its own for the product's, its name for any other. */
export function adapterSentence(name: string): string {
  return written[name] ?? `This toy speaks as ${name.replace("/", ", asked for ")}.`;
}
