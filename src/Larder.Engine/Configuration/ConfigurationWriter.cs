using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Larder.Engine.Configuration;

/// <summary>Writes what is in force, for people and for programs. A secret is `***`; a command line stands as it was written.</summary>
public static class ConfigurationWriter
{
    /// <summary>
    /// The configuration in force as YAML, with a comment wherever a value is a default or comes from a variable.
    /// Only for a result without problems.
    /// </summary>
    public static string Show(ConfigurationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        result.Require();
        var text = new StringBuilder();
        text.Append("# In force, from ").Append(result.File ?? "variables of the environment").Append(".\n");
        WriteMembers(text, result.Values!, 0);
        return text.ToString();
    }

    /// <summary>The same as JSON, for `--json`. Numbers and truth values are such; durations and sizes are text.</summary>
    public static JsonObject ShowJson(ConfigurationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return ShowJson(result.Require());
    }

    /// <summary>The same of one that was read before and counts still.</summary>
    public static JsonObject ShowJson(LarderConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var json = (JsonObject)Json(configuration.Values ?? throw new ArgumentException("It was not read.", nameof(configuration)));
        json.Insert(0, "file", configuration.File);
        return json;
    }

    /// <summary>The answer of `larder config validate --json`.</summary>
    public static JsonObject ValidationJson(ConfigurationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new JsonObject
        {
            ["valid"] = result.Problems.Count == 0,
            ["file"] = result.File,
            ["problems"] = new JsonArray([.. result.Problems.Select(ProblemJson)]),
            ["warnings"] = new JsonArray([.. result.Warnings.Select(ProblemJson)]),
        };
    }

    private static JsonNode ProblemJson(ConfigurationProblem problem) => new JsonObject
    {
        ["key"] = problem.Key,
        ["file"] = problem.File,
        ["line"] = problem.Line > 0 ? problem.Line : null,
        ["column"] = problem.Column > 0 ? problem.Column : null,
        ["message"] = problem.Message,
        ["suggestion"] = problem.Suggestion,
    };

    private static JsonNode Json(SettingValue value) => value switch
    {
        ScalarValue { Value: int number } => JsonValue.Create(number),
        ScalarValue { Value: bool flag } => JsonValue.Create(flag),
        ScalarValue scalar => JsonValue.Create(Shown(scalar)),
        ListValue list => new JsonArray([.. list.Items.Select(Json)]),
        NamedValue named => Object(named.Items.Select(item => (item.Name, item.Value))),
        ObjectValue map => Object(Flat(map)),
        _ => throw new InvalidOperationException("A value has no JSON."),
    };

    private static JsonObject Object(IEnumerable<(string Name, SettingValue Value)> members)
    {
        var json = new JsonObject();
        foreach (var (name, value) in members)
        {
            json[name] = Json(value);
        }

        return json;
    }

    private static void WriteMembers(StringBuilder text, ObjectValue map, int indent)
    {
        foreach (var (name, value) in Flat(map))
        {
            Write(text, name, value, indent);
        }
    }

    /// <summary>As it is written: names that stand among the keys are there again.</summary>
    private static IEnumerable<(string Name, SettingValue Value)> Flat(ObjectValue map) => map.Members.SelectMany(member =>
        member is { Key.Name: var key, Value: NamedValue named } && key == ((ObjectShape)map.Shape).Inline
            ? named.Items.Select(item => (item.Name, item.Value))
            : [(member.Key.Name, member.Value)]);

    private static void Write(StringBuilder text, string name, SettingValue value, int indent)
    {
        text.Append(' ', indent).Append(name).Append(':');
        switch (value)
        {
            case ScalarValue scalar:
                text.Append(' ').Append(Quoted(Shown(scalar))).Append(Comment(scalar)).Append('\n');
                break;
            case ListValue { Items.Count: 0 }:
                text.Append(" []\n");
                break;
            case ListValue list:
                text.Append('\n');
                foreach (var item in list.Items)
                {
                    WriteItem(text, item, indent + 2);
                }

                break;
            case NamedValue { Items.Count: 0 }:
            case ObjectValue { Members.Count: 0 }:
                text.Append(" {}\n");
                break;
            case NamedValue named:
                text.Append('\n');
                foreach (var (itemName, _, item) in named.Items)
                {
                    Write(text, Quoted(itemName), item, indent + 2);
                }

                break;
            case ObjectValue map:
                text.Append('\n');
                WriteMembers(text, map, indent + 2);
                break;
        }
    }

    private static void WriteItem(StringBuilder text, SettingValue item, int indent)
    {
        if (item is ScalarValue scalar)
        {
            text.Append(' ', indent).Append("- ").Append(Quoted(Shown(scalar))).Append(Comment(scalar)).Append('\n');
            return;
        }

        // A map in a list begins on the line of its dash.
        var inner = new StringBuilder();
        WriteMembers(inner, (ObjectValue)item, indent + 2);
        inner[indent] = '-';
        text.Append(inner);
    }

    private static string Shown(ScalarValue scalar)
    {
        var shape = (ScalarShape)scalar.Shape;
        if (shape.IsSecret)
        {
            return "***";
        }

        if (shape.IsCommandLine && scalar.Node is { Variable: null } node)
        {
            return node.Text;
        }

        return scalar.Value switch
        {
            TimeSpan duration => DurationText.Format(duration),
            string text => text,
            int number => number.ToString(CultureInfo.InvariantCulture),
            bool flag => flag ? "true" : "false",
            _ => scalar.Text,
        };
    }

    private static string Comment(ScalarValue scalar)
    {
        if (scalar.Node is null)
        {
            return "  # default";
        }

        if (scalar.Node.Variable is { } variable)
        {
            return $"  # {variable}";
        }

        if (scalar.Value is Secret { Origin: not SecretOrigin.Text } secret)
        {
            return secret.Origin == SecretOrigin.File ? "  # from a file" : "  # from a command";
        }

        return VariableText.HasVariables(scalar.Node.Text) && !((ScalarShape)scalar.Shape).IsCommandLine ? "  # with variables" : "";
    }

    private static string Quoted(string text)
    {
        var isPlain = text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) | text[0] is '/'
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '/')
            && text is not ("null" or "Null" or "NULL");
        return isPlain ? text : JsonValue.Create(text).ToJsonString(); // A JSON string is a double-quoted YAML string.
    }
}
