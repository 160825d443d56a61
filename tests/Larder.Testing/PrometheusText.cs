using System.Globalization;
using System.Text;

namespace Larder.Testing;

/// <summary>
/// Prometheus' text format 0.0.4, read by the letter of its document: what a lenient reader would pass over is an error here. So are a
/// group that is torn apart, a series that is there twice, and a sample that has no type.
/// </summary>
public sealed class PrometheusText
{
    private static readonly string[] Types = ["counter", "gauge", "histogram", "summary", "untyped"];

    private readonly Dictionary<string, PrometheusFamily> families = new(StringComparer.Ordinal);
    private readonly HashSet<string> series = new(StringComparer.Ordinal);
    private string current = "";
    private int lineNumber;

    private PrometheusText()
    {
    }

    public IReadOnlyDictionary<string, PrometheusFamily> Families => families;

    /// <exception cref="FormatException">It is not such a text; the message names the line.</exception>
    public static PrometheusText Parse(string page)
    {
        var text = new PrometheusText();
        if (page.Length > 0 && page[^1] != '\n')
        {
            throw new FormatException("The last line does not end with a line feed.");
        }
        foreach (var line in page.Split('\n')[..^1])
        {
            text.lineNumber++;
            text.Read(line);
        }
        return text;
    }

    /// <summary>The one value of a metric with these labels and no others; null where there is none.</summary>
    public double? Find(string name, params (string Name, string Value)[] labels) => families.GetValueOrDefault(name)?.Samples
        .Where(sample => sample.Labels.Count == labels.Length && labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value))
        .Select(sample => (double?)sample.Value).SingleOrDefault();

    private void Read(string line)
    {
        Require(!line.Contains('\r', StringComparison.Ordinal), "a carriage return");
        if (line.Length == 0)
        {
            return;
        }
        if (line[0] == '#')
        {
            ReadComment(line);
            return;
        }
        ReadSample(line);
    }

    private void ReadComment(string line)
    {
        var words = line.Split(' ', 4);
        if (words is not ["#", "HELP" or "TYPE", ..])
        {
            return;
        }
        Require(words.Length == 4, "HELP and TYPE have a metric and a text");
        Require(IsName(words[2], colons: true), $"\"{words[2]}\" is no name of a metric");
        var family = Enter(words[2]);
        Require(family.Samples.Count == 0, $"{words[1]} of {words[2]} comes after its samples");
        if (words[1] == "HELP")
        {
            Require(family.Help is null, $"a second HELP of {words[2]}");
            families[words[2]] = family with { Help = Unescape(words[3], quotes: false) };
        }
        else
        {
            Require(family.Type is null, $"a second TYPE of {words[2]}");
            Require(Types.Contains(words[3], StringComparer.Ordinal), $"\"{words[3]}\" is no type");
            families[words[2]] = family with { Type = words[3] };
        }
    }

    private void ReadSample(string line)
    {
        var end = line.IndexOfAny(['{', ' ']);
        Require(end > 0 && IsName(line[..end], colons: true), "no name of a metric");
        var name = line[..end];
        var (labels, at) = line[end] == '{' ? ReadLabels(line, end + 1) : (new SortedDictionary<string, string>(StringComparer.Ordinal), end);
        Require(at < line.Length && line[at] == ' ', "no blank before the value");
        var words = line[(at + 1)..].Split(' ');
        Require(words.Length is 1 or 2, "more than a value and a time");
        Require(
            words.Length == 1 || long.TryParse(words[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            $"\"{words[^1]}\" is no time in milliseconds");
        var family = Enter(name);
        Require(family.Type is not null && family.Help is not null, $"{name} has no TYPE or no HELP");
        var key = $"{name}{{{string.Join(',', labels.Select(label => $"{label.Key}={label.Value.Length}:{label.Value}"))}}}";
        Require(series.Add(key), $"the series {key} is there twice");
        family.Samples.Add(new PrometheusSample(labels, Number(words[0])));
    }

    private (SortedDictionary<string, string> Labels, int At) ReadLabels(string line, int at)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (at < line.Length && line[at] != '}')
        {
            var equals = line.IndexOf('=', at);
            Require(equals > 0 && IsName(line[at..equals], colons: false), "no name of a label");
            Require(equals + 1 < line.Length && line[equals + 1] == '"', "the value of a label is not in quotes");
            var end = equals + 2;
            while (end < line.Length && line[end] != '"')
            {
                end += line[end] == '\\' ? 2 : 1;
            }
            Require(end < line.Length, "the value of a label does not end");
            Require(labels.TryAdd(line[at..equals], Unescape(line[(equals + 2)..end], quotes: true)), "a label is there twice");
            at = end + 1;
            Require(at < line.Length && line[at] is ',' or '}', "neither a comma nor an end after a label");
            at += line[at] == ',' ? 1 : 0;
        }
        Require(at < line.Length, "the labels do not end");
        return (labels, at + 1);
    }

    /// <summary>All lines of a metric stand together.</summary>
    private PrometheusFamily Enter(string name)
    {
        if (name != current)
        {
            Require(!families.ContainsKey(name), $"the lines of {name} do not stand together");
            families[name] = new PrometheusFamily();
            current = name;
        }
        return families[name];
    }

    private double Number(string text)
    {
        var value = text switch
        {
            "NaN" => double.NaN,
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ when double.TryParse(
                text,
                NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out var number) && double.IsFinite(number) => number,
            _ => (double?)null,
        };
        Require(value is not null, $"\"{text}\" is no number");
        return value!.Value;
    }

    private string Unescape(string text, bool quotes)
    {
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\')
            {
                plain.Append(text[at]);
                continue;
            }
            at++;
            Require(at < text.Length && (text[at] is '\\' or 'n' || (quotes && text[at] == '"')), "an escape that is none");
            plain.Append(text[at] == 'n' ? '\n' : text[at]);
        }
        return plain.ToString();
    }

    private static bool IsName(string text, bool colons) => text.Length > 0 && !char.IsAsciiDigit(text[0])
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_' || (colons && letter == ':'));

    private void Require(bool isSo, string problem)
    {
        if (!isSo)
        {
            throw new FormatException($"Line {lineNumber}: {problem}.");
        }
    }
}

public sealed record PrometheusFamily
{
    public string? Help { get; init; }

    public string? Type { get; init; }

    public IList<PrometheusSample> Samples { get; } = [];
}

public sealed record PrometheusSample(IReadOnlyDictionary<string, string> Labels, double Value);
