using System.CommandLine;

namespace Larder.Cli;

/// <summary>What a value of the command line names; completion asks it.</summary>
internal enum ValueKind
{
    Text,
    Job,
    Repository,
    Backup,
    Path,
}

/// <summary>An option or argument that knows what its values name.</summary>
internal interface IValued
{
    ValueKind Kind { get; }

    /// <summary>The only words that it takes; empty for any.</summary>
    IReadOnlyList<string> Words { get; }
}

/// <summary>An option that is there or not.</summary>
internal sealed class Flag : Option<bool>
{
    public Flag(string name, string description, params string[] aliases)
        : base(name, aliases) => (Description, Arity) = (description, ArgumentArity.Zero);
}

/// <summary>An option with one value.</summary>
internal sealed class Setting : Option<string?>, IValued
{
    public Setting(string name, string valueName, string description, ValueKind kind = ValueKind.Text, params IReadOnlyList<string> words)
        : base(name)
    {
        (Description, HelpName, Kind, Words) = (description, valueName, kind, words);
        if (words.Count > 0)
        {
            AcceptOnlyFromAmong([.. words]);
        }
    }

    public ValueKind Kind { get; }

    public IReadOnlyList<string> Words { get; }
}

/// <summary>An option that may be repeated.</summary>
internal sealed class Settings : Option<string[]>, IValued
{
    public Settings(string name, string valueName, string description, ValueKind kind = ValueKind.Text)
        : base(name) => (Description, HelpName, Kind, Arity) = (description, valueName, kind, ArgumentArity.OneOrMore);

    public ValueKind Kind { get; }

    public IReadOnlyList<string> Words => [];
}

/// <summary>Arguments of a command, by their place.</summary>
internal sealed class Operand : Argument<string[]>, IValued
{
    public Operand(string name, string description, ValueKind kind, int least, int most, params IReadOnlyList<string> words)
        : base(name)
    {
        (Description, Kind, Arity, Words) = (description, kind, new ArgumentArity(least, most), words);
        CustomParser = result => [.. result.Tokens.Select(token => token.Value)]; // The parser's own makes no array of exactly one.
    }

    /// <summary>As many as a command line holds.</summary>
    public const int AnyNumber = 100_000;

    public ValueKind Kind { get; }

    public IReadOnlyList<string> Words { get; }
}
