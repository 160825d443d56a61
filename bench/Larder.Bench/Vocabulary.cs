using System.Text;

namespace Larder.Bench;

/// <summary>Words made of syllables. The commonest are the shortest, as in a language.</summary>
internal static class Vocabulary
{
    private static readonly string[] Syllables =
    [
        "ba", "de", "ki", "lo", "mu", "na", "re", "si", "to", "vu", "an", "er", "in", "on", "us", "ta", "le", "ri", "po", "gra",
        "ste", "tri", "con", "ment", "pla", "ver", "shi", "cor", "dal", "fen", "hul", "jas",
    ];

    public static byte[][] Make(Draw draw, int count, string ending)
    {
        var words = new byte[count][];
        for (var i = 0; i < count; i++)
        {
            var word = new StringBuilder();
            for (var syllables = 1 + (i > 30 ? 1 : 0) + (i > 600 ? 1 : 0) + draw.Below(2); syllables > 0; syllables--)
            {
                word.Append(Syllables[draw.Below(Syllables.Length)]);
            }

            words[i] = Encoding.ASCII.GetBytes(word.Append(ending).ToString());
        }

        return words;
    }
}
