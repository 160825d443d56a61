namespace Larder.Cli.Output;

/// <summary>Colour and weight, for terminals that want them.</summary>
internal sealed record Ink(bool IsOn)
{
    public static readonly Ink None = new(false);

    public string Bold(string text) => Paint(text, "1");

    public string Red(string text) => Paint(text, "31");

    public string Green(string text) => Paint(text, "32");

    public string Yellow(string text) => Paint(text, "33");

    /// <summary>A status in the colour that people expect.</summary>
    public string Status(string status) => status switch
    {
        "success" or "ok" or "keep" or "passed" => Green(status),
        "partial" or "warning" or "in_progress" or "skipped" => Yellow(status),
        "failed" or "problem" or "cancelled" or "remove" => Red(status),
        _ => status,
    };

    /// <summary>Colour is for terminals only; `--no-color`, NO_COLOR (https://no-color.org) and a dumb terminal turn it off.</summary>
    public static Ink For(bool isTerminal, bool noColor, Func<string, string?> variable) =>
        new(isTerminal && !noColor && variable("NO_COLOR") is null && variable("TERM") is not (null or "dumb"));

    private string Paint(string text, string code) => IsOn ? $"\e[{code}m{text}\e[0m" : text;
}
