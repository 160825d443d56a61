using System.Text.RegularExpressions;
using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql;

/// <summary>
/// Gives what PostgreSQL's programs say when they fail its meaning. They give no codes, so their words are looked through; a server that
/// speaks another language than English still fails, as <see cref="SourceError.ToolFailed"/> with its own words.
/// </summary>
/// <param name="secrets">What must not be shown.</param>
/// <param name="host">The server, for people; null where libpq finds it by itself.</param>
internal sealed partial class PostgreSqlFailures(IReadOnlyList<string> secrets, string? host)
{
    private const int ShownLines = 5;
    private const int ShownCharacters = 1000;

    // The first that matches counts: a lost connection often follows from what stands before it.
    private static readonly (Regex Said, SourceError Error, string Meaning)[] Meanings =
    [
        (BadPassword(), SourceError.PermissionDenied, "The server does not accept this user and password"),
        (NoPassword(), SourceError.PermissionDenied, "The server asks for a password, and neither the settings nor .pgpass have one"),
        (NotLetIn(), SourceError.PermissionDenied, "The server's pg_hba.conf does not let this user in from here"),
        (NoRole(), SourceError.PermissionDenied, "The server does not know this user"),
        (NoDatabase(), SourceError.NotFound, "There is no such database on the server"),
        (VersionMismatch(), SourceError.ToolMissing, "The server is newer than this pg_dump"),
        (RowSecurity(), SourceError.PermissionDenied,
            "Row security hides rows from this user, so a dump would not be whole; it needs BYPASSRLS"),
        (Denied(), SourceError.PermissionDenied, "The user lacks a privilege"),
        (TimedOut(), SourceError.TimedOut, "The server gave up because of a time limit"),
        (Corrupt(), SourceError.Damaged, "The database itself is damaged"),
        (Tls(), SourceError.Unreachable, "The server and this machine do not agree on TLS"),
        (Lost(), SourceError.Unreachable, "The connection to the server was lost"),
        (NoServer(), SourceError.Unreachable, "The server cannot be reached"),
    ];

    /// <summary>Waits for the exit. Fails with <see cref="SourceException"/> with the meaning of what the program said.</summary>
    public async Task CompleteAsync(ToolProcess process, CancellationToken cancellationToken)
    {
        try
        {
            await process.CompleteAsync(cancellationToken);
        }
        catch (SourceException error)
        {
            throw Describe(error, process.ErrorText);
        }
    }

    internal SourceException Describe(SourceException failure, string said)
    {
        if (failure.Error == SourceError.ToolFailed)
        {
            foreach (var (pattern, error, meaning) in Meanings)
            {
                if (pattern.IsMatch(said))
                {
                    return new SourceException(error, Hide($"{meaning}{Where(error)}. PostgreSQL said: \"{Shorten(said)}\"."), failure);
                }
            }
        }
        return new SourceException(failure.Error, Hide(failure.Message));
    }

    // The programs name the server where they cannot reach it, and not where they lose it.
    private string Where(SourceError error) => error == SourceError.Unreachable && host is not null ? $" ({host})" : "";

    private string Hide(string text) => secrets.Aggregate(text, (shown, secret) => shown.Replace(secret, "***", StringComparison.Ordinal));

    /// <summary>The last lines, without those that repeat the statement that failed, which may hold data.</summary>
    private static string Shorten(string said)
    {
        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var text = string.Join(' ', lines.TakeLast(ShownLines));
        return text.Length > ShownCharacters ? text[..ShownCharacters] + "…" : text;
    }

    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase;

    [GeneratedRegex("(password|peer|ident|gssapi|ldap|pam|radius|cert\\w*|sspi) authentication failed", Options, 1000)]
    private static partial Regex BadPassword();

    [GeneratedRegex("no password supplied", Options, 1000)]
    private static partial Regex NoPassword();

    [GeneratedRegex("no pg_hba.conf entry|pg_hba.conf rejects", Options, 1000)]
    private static partial Regex NotLetIn();

    [GeneratedRegex("role \".*\" (does not exist|is not permitted to log in)", Options, 1000)]
    private static partial Regex NoRole();

    [GeneratedRegex("FATAL: +database \".*\" does not exist", Options, 1000)]
    private static partial Regex NoDatabase();

    [GeneratedRegex("server version mismatch", Options, 1000)]
    private static partial Regex VersionMismatch();

    [GeneratedRegex("row-level security", Options, 1000)]
    private static partial Regex RowSecurity();

    [GeneratedRegex("permission denied|must be (owner|superuser|a superuser)|insufficient privilege", Options, 1000)]
    private static partial Regex Denied();

    [GeneratedRegex("canceling statement due to (statement|lock) timeout|(idle|transaction)\\S* timeout", Options, 1000)]
    private static partial Regex TimedOut();

    [GeneratedRegex(
        "invalid page in block|could not read block|missing chunk number|unexpected chunk number|invalid memory alloc", Options, 1000)]
    private static partial Regex Corrupt();

    [GeneratedRegex("certificate|does not support SSL|SSL error|tlsv1|root\\.crt", Options, 1000)]
    private static partial Regex Tls();

    [GeneratedRegex(
        "closed the connection unexpectedly|terminating connection|connection has been closed|connection not open|SSL SYSCALL error"
        + "|could not (receive|send) data|lost synchronization|no connection to the server", Options, 1000)]
    private static partial Regex Lost();

    [GeneratedRegex(
        "connection to server|could not connect|could not translate host name|too many clients|remaining connection slots", Options, 1000)]
    private static partial Regex NoServer();
}
