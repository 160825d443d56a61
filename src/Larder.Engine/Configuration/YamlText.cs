using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Larder.Engine.Configuration;

/// <summary>
/// Reads YAML into nodes. From the parser's events and not from a ready-made model: so depth and aliases are bounded while reading,
/// and a second occurrence of a key is a problem beside the others instead of the end.
/// </summary>
internal sealed class YamlText
{
    public const int BytesMax = 1 << 20;
    private const int HeightMax = 32;

    private readonly string file;
    private readonly Parser parser;
    private readonly Dictionary<string, SettingNode> anchors = new(StringComparer.Ordinal);

    private YamlText(string text, string file)
    {
        this.file = file;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>The root of the only document, or null with a problem that says where reading ended.</summary>
    public static SettingNode? Parse(string text, string file, ICollection<ConfigurationProblem> problems)
    {
        var reader = new YamlText(text, file);
        try
        {
            return reader.ReadDocument();
        }
        catch (Refusal refusal)
        {
            problems.Add(refusal.Problem);
        }
        catch (YamlException exception)
        {
            problems.Add(SyntaxProblem(text, file, exception.Start));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The parser is another house's; what it throws on hostile bytes beyond its own exception is still only bad YAML.
            problems.Add(SyntaxProblem(text, file, reader.parser.Current?.End ?? Mark.Empty));
        }

        return null;
    }

    private static ConfigurationProblem SyntaxProblem(string text, string file, Mark mark)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var near = (int)Math.Clamp(mark.Line, 1, lines.Length);
        // A tab in the indentation makes the parser complain about something else, often a line before or after.
        for (var line = Math.Max(1, near - 1); line <= Math.Min(lines.Length, near + 1); line++)
        {
            var indentation = lines[line - 1].AsSpan(0, lines[line - 1].Length - lines[line - 1].TrimStart().Length);
            if (indentation.Contains('\t'))
            {
                return new ConfigurationProblem
                {
                    Key = "",
                    File = file,
                    Line = line,
                    Column = indentation.IndexOf('\t') + 1,
                    Message = "The line is indented with a tab, which YAML does not allow.",
                    Suggestion = "two spaces for each level",
                };
            }
        }

        return new ConfigurationProblem
        {
            Key = "",
            File = file,
            Line = near,
            Column = (int)Math.Max(1, mark.Column),
            // The parser's own words are not passed on: they may quote the file, and with it a secret.
            Message = "The file is not valid YAML from here on, so the rest of it was not read.",
            Suggestion =
                "look for a missing colon, quote or bracket here or on the line before; values with ': ', '#', '{', '*' or '@' need quotes",
        };
    }

    private SettingNode ReadDocument()
    {
        Take<StreamStart>();
        if (parser.Current is StreamEnd)
        {
            return new SettingNode { Kind = SettingNodeKind.Null, File = file, Line = 1, Column = 1 };
        }

        Take<DocumentStart>();
        var root = ReadNode(0);
        Take<DocumentEnd>();
        if (parser.Current is DocumentStart second)
        {
            throw Refuse(second.Start, "The file holds a second YAML document; a configuration is one.",
                "one document, without a line of \"---\" between");
        }

        return root;
    }

    private SettingNode ReadNode(int depth)
    {
        var start = parser.Current!.Start;
        if (depth >= HeightMax)
        {
            throw Refuse(start, $"The file is nested deeper than {HeightMax} levels.", null);
        }

        if (parser.Current is AnchorAlias alias)
        {
            parser.MoveNext();
            return anchors.TryGetValue(alias.Value.Value, out var known)
                ? known
                : throw Refuse(start, "The alias here names an anchor that is not defined before it.",
                    "&name before the value, *name where it is used again");
        }

        var tagged = (NodeEvent)parser.Current;
        if (!tagged.Tag.IsEmpty && !tagged.Tag.IsNonSpecific && !tagged.Tag.Value.StartsWith("tag:yaml.org,2002:",
            StringComparison.Ordinal))
        {
            throw Refuse(start, "The value has a YAML tag, which means nothing here.", "the value without its tag");
        }

        var node = parser.Current switch
        {
            Scalar scalar => ReadScalar(scalar),
            SequenceStart => ReadList(start, depth),
            MappingStart => ReadMap(start, depth),
            _ => throw Refuse(start, "The file is not valid YAML here.", null),
        };
        if (node.Height > HeightMax)
        {
            throw Refuse(start, $"The file is nested deeper than {HeightMax} levels.", null);
        }

        if (!tagged.Anchor.IsEmpty)
        {
            anchors[tagged.Anchor.Value] = node;
        }

        return node;
    }

    private SettingNode ReadScalar(Scalar scalar)
    {
        parser.MoveNext();
        var isNull = scalar.Style is ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL" && scalar.Tag.IsEmpty;
        return NodeAt(scalar.Start) with { Kind = isNull ? SettingNodeKind.Null : SettingNodeKind.Scalar, Text = scalar.Value };
    }

    private SettingNode ReadList(Mark start, int depth)
    {
        Take<SequenceStart>();
        var items = new List<SettingNode>();
        while (parser.Current is not SequenceEnd)
        {
            items.Add(ReadNode(depth + 1));
        }

        Take<SequenceEnd>();
        return NodeAt(start) with { Kind = SettingNodeKind.List, Items = items,
            Height = 1 + items.Select(item => item.Height).DefaultIfEmpty().Max() };
    }

    private SettingNode ReadMap(Mark start, int depth)
    {
        Take<MappingStart>();
        var pairs = new List<(SettingNode Key, SettingNode Value)>();
        while (parser.Current is not MappingEnd)
        {
            pairs.Add((ReadNode(depth + 1), ReadNode(depth + 1)));
        }

        Take<MappingEnd>();
        return NodeAt(start) with
        {
            Kind = SettingNodeKind.Map,
            Pairs = pairs,
            Height = 1 + pairs.Select(pair => Math.Max(pair.Key.Height, pair.Value.Height)).DefaultIfEmpty().Max(),
        };
    }

    private void Take<T>()
        where T : ParsingEvent
    {
        if (parser.Current is null)
        {
            parser.MoveNext();
        }

        if (parser.Current is not T)
        {
            throw Refuse(parser.Current?.Start ?? Mark.Empty, "The file is not valid YAML here.", null);
        }

        parser.MoveNext();
    }

    private SettingNode NodeAt(Mark mark) =>
        new() { Kind = SettingNodeKind.Scalar, File = file, Line = (int)mark.Line, Column = (int)mark.Column };

    private Refusal Refuse(Mark mark, string message, string? suggestion) => new(new ConfigurationProblem
    {
        Key = "",
        File = file,
        Line = (int)mark.Line,
        Column = (int)mark.Column,
        Message = message,
        Suggestion = suggestion,
    });

    private sealed class Refusal(ConfigurationProblem problem) : Exception
    {
        public ConfigurationProblem Problem { get; } = problem;
    }
}
