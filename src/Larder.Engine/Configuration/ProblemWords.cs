namespace Larder.Engine.Configuration;

/// <summary>How problems name what they are about, so that every reader and check says it alike. No value of a variable is in it.</summary>
internal static class ProblemWords
{
    public static ConfigurationProblem Problem(SettingNode node, string path, string message, string? suggestion) => new()
    {
        Key = KeyOf(node, path),
        Message = message,
        File = node.File,
        Line = node.Line,
        Column = node.Column,
        Suggestion = suggestion,
    };

    public static string KeyOf(SettingNode node, string path) => node.Variable ?? path;

    public static string Subject(string path, SettingNode? node = null) =>
        node?.Variable ?? (path.Length == 0 ? "The configuration" : path);

    public static string Suggest(string path, Shape shape)
    {
        var name = path.Split('.')[^1];
        return name.Length == 0 || name.Contains('[', StringComparison.Ordinal) ? shape.Example : $"{name}: {shape.Example}";
    }

    public static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>A key is echoed only where it looks like one: `{password hunter2}` makes a "key" of what was meant to be a value.</summary>
    public static string Shown(string key) => ScalarShapes.IsName(key) ? key : "?";

    public static string Quoted(string key) => ScalarShapes.IsName(key) ? $"\"{key}\"" : "A key";

    public static string Named(string text)
    {
        var letters = text.Take(40).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' ? c : '-');
        var name = new string([.. letters]).TrimStart('_', '.', '-');
        return name.Length == 0 ? "journal" : name;
    }
}
