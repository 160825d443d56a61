using Larder.Engine.Errors;

namespace Larder.Engine.Access;

/// <summary>Roles, scopes and durations as people type them; the same on the command line and in the API.</summary>
public static class AccessWords
{
    /// <summary>How long a token lasts where nobody says it.</summary>
    public static readonly TimeSpan TokenLastsByDefault = TimeSpan.FromDays(90);

    public static IReadOnlyList<string> Roles { get; } = Words<Role>();

    public static IReadOnlyList<string> Scopes { get; } = Words<Scope>();

    public static string Of(Role role) => Roles[(int)role];

    public static string Of(Scope scope) => Scopes[(int)scope];

    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>.</exception>
    public static Role RoleOf(string word) => (Role)IndexOf(Roles, word, "A role");

    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>.</exception>
    public static Scope ScopeOf(string word) => (Scope)IndexOf(Scopes, word, "A scope");

    /// <summary><c>90d</c>, or <c>never</c> for no end, which is null; without a text 90 days.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>.</exception>
    public static TimeSpan? LastingOf(string? text) => text switch
    {
        null => TokenLastsByDefault,
        "never" => null,
        _ when DurationText.TryParse(text, out var lasts) && lasts > TimeSpan.Zero => lasts,
        _ => throw new LarderException(EngineError.UsageInvalid, "How long a token lasts is a duration such as 90d, or never."),
    };

    private static int IndexOf(IReadOnlyList<string> words, string word, string what)
    {
        for (var at = 0; at < words.Count; at++)
        {
            if (words[at] == word)
            {
                return at;
            }
        }
        throw new LarderException(EngineError.UsageInvalid, $"{what} is one of {string.Join(", ", words)}.");
    }

    private static string[] Words<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
}
