using System.Text;

namespace Larder.Bench;

/// <summary>A folder of many small files that look like source code; their sizes are log-normal between 200 B and 64 KiB.</summary>
internal static class CodeTree
{
    private const int FileBytesMin = 200;
    private const int FileBytesMax = 64 << 10;
    private const double MedianBytes = 4000;
    private const double Spread = 1.2; // Of the natural logarithm: one file in six is larger than 13 kB.
    private const int FilesPerFolder = 40;

    private static readonly string[] Lines =
    [
        "    public {0} {1}({2} {3}) => {3}.{1};\n", "        if ({0} == null)\n        {{\n            return {1};\n        }}\n",
        "        var {0} = await {1}.{2}Async(cancellationToken);\n", "    // The {0} of a {1} is kept until the {2} {3}.\n",
        "    private readonly {0} {1};\n", "        foreach (var {0} in {1}.{2})\n        {{\n            {3}.Add({0});\n        }}\n",
        "\n", "    }}\n\n", "        throw new {0}Exception($\"The {1} {{{2}}} is not {3}.\");\n", "using {0}.{1}.{2};\n",
    ];

    public static async Task WriteAsync(string folder, int count, ulong seed)
    {
        var draw = new Draw(seed);
        var words = Vocabulary.Make(draw, 4096, "").Select(Encoding.ASCII.GetString).ToArray();
        var text = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            var parent = Path.Combine(
                folder, words[i / FilesPerFolder / 20 % words.Length], $"{words[i / FilesPerFolder % words.Length]}{i / FilesPerFolder}");
            Directory.CreateDirectory(parent);
            var bytes = (int)Math.Clamp(MedianBytes * Math.Exp(Spread * draw.Normal()), FileBytesMin, FileBytesMax);
            text.Clear();
            while (text.Length < bytes)
            {
                string Word() => words[draw.SkewedBelow(words.Length)];
                text.AppendFormat(Lines[draw.Below(Lines.Length)], Word(), Word(), Word(), Word());
            }

            await File.WriteAllTextAsync(Path.Combine(parent, $"{words[draw.Below(words.Length)]}{i}.cs"), text.ToString(0, bytes));
        }
    }
}
