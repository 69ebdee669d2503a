"""What the training pictures are about: everyday nouns and where they live, scenes, colours, shapes, textures, styles.

``NOUNS`` maps each everyday noun to the names of the drawings that show it (Unicode's CLDR names) and to the scenes in
which it is naturally found.
"""

from dataclasses import dataclass

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (215, 30, 35),
    "orange": (245, 135, 25),
    "yellow": (250, 220, 40),
    "green": (45, 160, 60),
    "blue": (35, 85, 215),
    "purple": (130, 50, 170),
    "pink": (250, 130, 180),
    "brown": (120, 75, 40),
    "black": (20, 20, 22),
    "white": (248, 248, 248),
    "gray": (135, 135, 138),
    "turquoise": (50, 200, 200),
}

# noun, or noun = names of drawings; nouns are parted by semicolons. A line starts with its scenes.
_NOUNS = """
grass room hills | dog = dog face, dog, guide dog, service dog, poodle; puppy = dog face; cat = cat face, cat, grinning cat;
    kitten = cat face, cat; black cat; rabbit = rabbit, rabbit face; mouse = mouse, mouse face; hedgehog
grass hills farm | horse = horse, horse face; cow = cow, cow face; pig = pig, pig face; sheep = ewe, ram; goat; ox;
    rooster; chicken; baby chick = baby chick, front facing baby chick, front-facing baby chick; duck; donkey
forest grass autumn | bear; fox; wolf; deer; squirrel = chipmunk; raccoon; mushroom; snail; hedgehog; ant; bug
grass desert hills | lion; tiger = tiger, tiger face; elephant; giraffe; zebra; camel = camel, two hump camel, two-hump camel; kangaroo;
    rhinoceros; hippopotamus; leopard
forest grass | monkey = monkey, monkey face; gorilla; panda; koala; parrot; peacock; snake; lizard; crocodile; sloth
sky clear grass | bird; eagle; butterfly; bee = honeybee; ladybug = lady beetle; kite; balloon; swan; flamingo
night nightforest moon | owl; bat; spider; ghost; witch = woman mage, mage; skull; jack o lantern = jack o lantern, jack-o-lantern; candle;
    vampire; zombie; spider web
snow snowmount | penguin; snowman = snowman, snowman without snow; polar bear; snowflake; christmas tree; santa claus; ski = skis
under | fish = fish, tropical fish; tropical fish; shark; whale = whale, spouting whale; dolphin; octopus; squid; turtle; jellyfish;
    seahorse; mermaid; shrimp; lobster; pufferfish = blowfish
beach under | crab; shell = spiral shell; starfish
grass lake | frog
desert | cactus
castle mount fire | dragon = dragon, dragon face
grass forest volcano | dinosaur = sauropod, t rex, t-rex; unicorn
grass hills sky | tree = deciduous tree, evergreen tree; pine tree = evergreen tree
beach island desert | palm tree
grass flowers | flower = blossom, hibiscus, cherry blossom, rose, tulip, sunflower; rose; tulip; sunflower; cherry blossom; daisy = blossom;
    bouquet; leaf = maple leaf, fallen leaf, leaf fluttering in wind; four leaf clover; seedling; fairy; boy; girl; baby; man; woman;
    old man; old woman; farmer
wood | apple = red apple, green apple; red apple; green apple; banana; orange = tangerine; lemon; strawberry; cherries; grapes;
    watermelon; peach; pear; pineapple; tomato; carrot; corn = ear of corn; bread; cheese = cheese wedge; pizza; hamburger; hot dog;
    french fries; cake = birthday cake, shortcake; birthday cake; cupcake; cookie; doughnut; ice cream = ice cream, soft ice cream;
    lollipop; candy; chocolate bar; coffee = hot beverage; cup of tea = teacup without handle, hot beverage; beer = beer mug;
    wine = wine glass; egg; avocado; eggplant; hot pepper; potato; broccoli; sushi; sandwich; kiwi = kiwi fruit; mango; coconut;
    croissant; pretzel; pancakes; honey pot; milk = glass of milk; spaghetti
road city | car = automobile, oncoming automobile, sport utility vehicle; racing car; taxi = taxi, oncoming taxi; bus = bus, oncoming bus;
    truck = delivery truck, articulated lorry; fire engine; ambulance; police car = police car, oncoming police car; bicycle;
    motorcycle; scooter = kick scooter, motor scooter; traffic light = vertical traffic light, horizontal traffic light
grass hills | train = locomotive, train, high speed train, high-speed train, steam locomotive; tractor; tent; house = house, house with garden;
    home = house with garden; church; castle; windmill; soccer ball; basketball; tennis ball = tennis; baseball
sea | boat = sailboat, motor boat, speedboat; ship = ship, passenger ship; sailboat; submarine; anchor; canoe; lighthouse
sky | airplane; helicopter; hot air balloon; cloud; rainbow; sun = sun, sun with face; parachute
space | rocket; flying saucer; planet = ringed planet; earth = globe showing americas, globe showing europe africa, globe showing europe-africa,
    globe showing asia australia, globe showing asia-australia; alien = alien, alien monster; astronaut; satellite; comet; robot
night space | moon = full moon, crescent moon, full moon face; star; crescent moon
city | mosque; tower = tokyo tower; bridge = bridge at night; fountain; ferris wheel; roller coaster; statue of liberty
island snowmount sea | mountain = mountain, snow capped mountain, snow-capped mountain; snowy mountain = snow capped mountain, snow-capped mountain;
    island = desert island; volcano; wave = water wave
room | door; window; chair; bed; couch = couch and lamp; light bulb; lamp = light bulb; clock = alarm clock, mantelpiece clock; alarm clock;
    book = closed book, open book, green book, blue book; pencil; paintbrush; guitar; piano = musical keyboard; drum; trumpet; violin;
    saxophone; microphone; gift = wrapped gift; teddy bear; toilet; bathtub; television; computer = desktop computer, laptop; laptop;
    phone = mobile phone; camera; bell; vase = amphora; potted plant; envelope; newspaper; telephone; magnet; telescope; microscope
| crown; hat = top hat, billed cap, womans hat; top hat; shoe = mans shoe, running shoe; boot = hiking boot, womans boot; t shirt = t shirt, t-shirt;
    dress; glasses; sunglasses; umbrella = umbrella, umbrella with rain drops, closed umbrella; fire; heart = red heart; sword = dagger; hammer; axe; bomb; key; lock = locked; gem = gem stone;
    diamond = gem stone; ring; money bag; trophy; medal = sports medal; pumpkin = jack o lantern, jack-o-lantern; magnifying glass;
    scissors; backpack; handbag; shopping cart; eye; nose; mouth; ear; hand = waving hand, raised hand; foot; bone; brain; droplet;
    king = prince; queen = princess; princess; wizard = man mage, mage; clown = clown face; ninja; police officer; doctor = health worker;
    smiling face = smiling face with smiling eyes, grinning face, slightly smiling face, grinning face with big eyes, smiling face;
    crying face = crying face, loudly crying face; angry face; sleeping face; laughing face = face with tears of joy, rolling on the floor laughing;
    face with sunglasses = smiling face with sunglasses; lightning = high voltage; musical note; target = bullseye; dice = game die; balloon;
    paw prints; feather; bucket; basket; broom; ladder; flag = triangular flag; compass; hourglass = hourglass done, hourglass not done;
    map = world map; puzzle piece; bowling; chess pawn; rugby ball = rugby football; boxing glove; envelope; battery; gear; syringe
"""

_ALIKE = """
dog puppy | cat kitten black cat | apple red apple green apple | house home | tree pine tree christmas tree | car taxi racing car police car
flower rose tulip sunflower cherry blossom daisy bouquet | cake birthday cake | moon crescent moon | boat sailboat ship canoe
mountain snowy mountain volcano | fish tropical fish | bear polar bear panda | lamp light bulb | clock alarm clock | hat top hat
computer laptop television | phone telephone | gem diamond | queen princess king | witch wizard | man boy old man | woman girl old woman
smiling face laughing face face with sunglasses | chicken rooster | earth planet | bus ambulance | man police officer farmer doctor
glasses sunglasses | star starfish | alien flying saucer | cow ox | sun star
"""


@dataclass(frozen=True)
class Noun:
    """A noun, the CLDR names of drawings that show it, and the scenes (keys of ``SCENES``) where it is at home."""

    name: str
    drawings: tuple[str, ...]
    scenes: tuple[str, ...]


def _parse_nouns(text: str) -> dict[str, Noun]:
    nouns: dict[str, Noun] = {}
    lines: list[str] = []
    for line in text.strip().splitlines():
        if "|" in line:
            lines.append(line)
        else:
            lines[-1] += " " + line.strip()
    for line in lines:
        scenes, _, entries = line.partition("|")
        for entry in entries.split(";"):
            name, _, drawings = entry.partition("=")
            name = name.strip()
            if name:
                names = tuple(d.strip() for d in drawings.split(",")) if drawings else (name,)
                old = nouns[name].scenes if name in nouns else ()
                nouns[name] = Noun(name, names, tuple(dict.fromkeys(old + tuple(scenes.split()))))
    return nouns


NOUNS = _parse_nouns(_NOUNS)


def alike() -> set[tuple[str, str]]:
    """Ordered pairs of nouns that one drawing may show both: neither counts as a mistake for the other."""
    pairs = {(a, b) for a in NOUNS for b in NOUNS if set(NOUNS[a].drawings) & set(NOUNS[b].drawings)}
    by_length = sorted(NOUNS, key=len, reverse=True)
    for part in _ALIKE.replace("\n", "|").split("|"):
        rest, members = f" {part.strip()} ", []
        for name in by_length:
            if f" {name} " in rest:
                members.append(name)
                rest = rest.replace(f" {name} ", "  ")
        pairs |= {(a, b) for a in members for b in members}
    return pairs


WEARABLE = ("hat", "top hat", "crown", "glasses", "sunglasses")
WEARERS = (
    "dog cat bear lion tiger fox rabbit mouse pig cow horse monkey panda koala frog penguin owl ghost skull robot alien duck elephant snowman"
).split()

SHAPES = "circle ring square diamond triangle hexagon star cross rectangle heart spiral".split()
TEXTURES = (
    "stripes",
    "horizontal stripes",
    "vertical stripes",
    "checkerboard",
    "polka dots",
    "concentric circles",
    "plain",
    "gradient",
)

STYLES: dict[str, tuple[str, ...]] = {
    "pixel": ("pixel art of {}", "{} as pixel art", "8 bit {}"),
    "grey": ("a black and white picture of {}", "a grayscale picture of {}"),
    "blur": ("a blurry picture of {}",),
    "sketch": ("a pencil sketch of {}", "a line drawing of {}", "a sketch of {}"),
    "oil": ("an oil painting of {}", "a painting of {}"),
    "watercolour": ("a watercolor of {}", "a watercolor painting of {}"),
    "neon": ("a neon sign of {}", "glowing neon {}"),
    "silhouette": ("a silhouette of {}", "the black silhouette of {}"),
}

# scene: (captions of the scene alone, phrases that put an object into it)
SCENES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sky": (
        ("a blue sky with clouds", "clouds in the sky", "a cloudy sky", "white clouds on a blue sky"),
        ("in the sky", "in a blue sky with clouds", "among the clouds"),
    ),
    "clear": (("a clear blue sky", "the sky"), ("under a blue sky", "in the sky")),
    "sunny": (
        ("the sun in the sky", "a sunny day", "a bright sun in a blue sky"),
        ("on a sunny day", "in the sunshine"),
    ),
    "night": (
        ("a starry night", "a night sky full of stars", "stars at night", "the night sky"),
        ("at night", "under a night sky", "under the stars", "in the night sky"),
    ),
    "moon": (
        ("the moon at night", "a full moon in the night sky", "moon and stars", "the moon"),
        ("in the moonlight", "at night with a moon", "under the moon"),
    ),
    "space": (
        ("outer space", "a galaxy with stars", "space with stars and planets", "the universe", "a nebula"),
        ("in space", "in outer space", "among the stars"),
    ),
    "sunset": (
        ("a sunset", "a sunrise", "an orange sunset sky", "the sun going down"),
        ("at sunset", "in front of a sunset", "at dusk"),
    ),
    "sunset_sea": (
        (
            "a sunset over the sea",
            "sunset over the ocean",
            "the sun setting over the water",
            "sunset at the sea",
        ),
        ("in front of a sunset over the sea",),
    ),
    "sea": (
        ("the sea", "the ocean", "blue sea under a blue sky", "waves on the ocean", "a calm sea"),
        ("over the sea", "at sea", "on the ocean", "by the sea"),
    ),
    "beach": (
        ("a beach", "a sandy beach by the sea", "a tropical beach", "the seaside"),
        ("on the beach", "at the beach"),
    ),
    "under": (
        ("underwater", "under the sea", "deep blue water with bubbles", "the bottom of the ocean"),
        ("under water", "underwater", "in the deep sea", "in the water"),
    ),
    "grass": (
        ("a green meadow", "green grass under a blue sky", "a grassy field", "a lawn"),
        ("on green grass", "in a meadow", "in a field", "on the grass"),
    ),
    "lawn": (("green grass", "grass", "a grass texture"), ("on grass", "lying in the grass")),
    "hills": (
        ("green hills", "rolling hills", "a green landscape", "hills in the countryside"),
        ("on a hill", "on green hills"),
    ),
    "desert": (
        ("a desert", "sand dunes", "a hot desert landscape", "the sahara"),
        ("in the desert", "on the sand"),
    ),
    "snow": (
        ("a snowy landscape", "snow falling", "winter", "a winter landscape"),
        ("in the snow", "in winter", "in the snow", "on snow"),
    ),
    "mount": (
        ("mountains", "a mountain", "a mountain landscape", "high mountains"),
        ("in front of mountains", "in the mountains"),
    ),
    "snowmount": (
        ("a snowy mountain", "snow covered mountains", "an icy mountain peak", "a mountain with snow"),
        ("in front of a snowy mountain", "on a snowy mountain"),
    ),
    "forest": (
        ("a forest", "green trees", "a dense green forest", "the woods", "a jungle"),
        ("in a forest", "in the woods", "among trees"),
    ),
    "autumn": (
        ("an autumn forest", "fall foliage", "orange and red trees in autumn", "autumn trees"),
        ("in autumn", "in an autumn forest"),
    ),
    "nightforest": (
        ("a dark forest at night", "a forest at night", "spooky woods"),
        ("in a dark forest", "in a forest at night"),
    ),
    "city": (
        ("a city", "skyscrapers", "a city skyline", "buildings in a city", "downtown"),
        ("in a city", "in front of buildings"),
    ),
    "citynight": (
        ("a city at night", "a night skyline", "skyscrapers at night with lights", "city lights"),
        ("in a city at night",),
    ),
    "citysunset": (("a city at sunset", "a city skyline at dusk"), ("in a city at sunset",)),
    "cyber": (
        ("a neon city", "a cyberpunk city", "a futuristic city with neon lights"),
        ("in a neon city", "in a cyberpunk city"),
    ),
    "brick": (
        ("a brick wall", "red bricks", "a wall"),
        ("in front of a brick wall", "on a brick wall"),
    ),
    "wood": (
        ("wood", "wooden planks", "a wooden texture"),
        ("on a wooden table", "on wood", "on a table"),
    ),
    "fire": (
        ("fire", "flames", "burning fire", "a blazing fire"),
        ("in flames", "on fire", "in front of a fire"),
    ),
    "rain": (
        ("rain", "a rainy day", "rain falling from dark clouds"),
        ("in the rain", "on a rainy day"),
    ),
    "storm": (("a thunderstorm", "lightning", "a storm with lightning"), ("in a storm",)),
    "rainbow": (
        ("a rainbow", "a rainbow in the sky", "a colorful rainbow over a field"),
        ("under a rainbow", "with a rainbow"),
    ),
    "road": (
        ("a road", "a street", "a highway through green fields"),
        ("on a road", "on the street"),
    ),
    "flowers": (
        ("a field of flowers", "a flower meadow", "a garden full of flowers"),
        ("in a field of flowers", "in a garden", "among flowers"),
    ),
    "room": (
        ("a living room", "a room with a window", "an interior"),
        ("in a room", "in the house"),
    ),
    "lake": (("a mountain lake", "a lake", "mountains reflected in a lake"), ("at a lake", "by a lake")),
    "island": (
        ("a tropical island", "a desert island with a palm tree", "a palm tree on an island"),
        ("on an island",),
    ),
    "volcano": (
        ("a volcano", "an erupting volcano", "a volcano with lava"),
        ("in front of a volcano",),
    ),
    "castle": (
        ("a castle on a hill", "a castle", "a medieval castle on green hills"),
        ("in front of a castle",),
    ),
    "village": (("a village", "houses on a green field", "a small town"), ("in a village",)),
    "farm": (("a farm", "animals on a farm", "the countryside"), ("on a farm",)),
    "ship": (
        ("a ship on the sea", "a boat on the water", "a sailboat on the ocean", "sailing"),
        ("near a ship",),
    ),
    "fireworks": (
        ("fireworks", "fireworks in the night sky", "colorful fireworks at night"),
        ("with fireworks",),
    ),
    "aurora": (
        ("northern lights", "an aurora in the night sky", "green aurora"),
        ("under the northern lights",),
    ),
    "foggy": (("a foggy forest", "fog", "a misty forest"), ("in the fog",)),
    "starrysea": (
        ("the moon above the sea", "the sea at night", "moonlight over the ocean"),
        ("over the sea at night",),
    ),
}

SCENES_LIKE = """
sky clear sunny | night moon space starrysea aurora | sunset sunset_sea | sea ship beach starrysea island | grass lawn hills farm village flowers
mount snowmount lake | forest autumn nightforest foggy | city citynight citysunset cyber | night fireworks | snow snowmount | rain storm
night citynight | sunset citysunset | forest grass | castle hills | volcano fire | rainbow sky | night nightforest | moon starrysea
"""
