using System.Text;
using System.Text.RegularExpressions;
using Larder.Sources.Dumps;
using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// Roles, memberships and tablespaces of a dump. A role that is there stays as it is, with its password: the restore must not lock anybody
/// out, itself first of all. Statement by statement rather than through psql, because only so is it known which ones are about roles that
/// were there, and because the script, which holds password hashes, then never lies in a file.
/// </summary>
internal sealed partial class GlobalsScript
{
    private const long BytesMax = 64 * 1024 * 1024; // About 200,000 roles.

    private readonly IReadOnlyList<(string Sql, string Verb, string[] Names)> statements;

    private GlobalsScript(string script)
    {
        statements = [.. SqlStatements.Split(script).Select(Classify)];
        Roles = statements.Where(statement => statement.Verb == "CREATE ROLE").Select(statement => statement.Names[0])
            .ToHashSet(StringComparer.Ordinal);
        Tablespaces = statements.Where(statement => statement.Verb == "CREATE TABLESPACE").Select(statement => statement.Names[0])
            .ToHashSet(StringComparer.Ordinal);
    }

    public IReadOnlySet<string> Roles { get; }

    public IReadOnlySet<string> Tablespaces { get; }

    /// <summary>Null where the dump has none.</summary>
    public static async Task<GlobalsScript?> ReadAsync(IStoredDump dump, CancellationToken cancellationToken)
    {
        if (dump.Files.FirstOrDefault(file => file.Path == new EntryPath(DatabaseFolder.GlobalsFile)) is not { } file)
        {
            return null;
        }
        if (file.Bytes > BytesMax)
        {
            throw new SourceException(
                SourceError.Damaged,
                $"The dump's {DatabaseFolder.GlobalsFile} has {file.Bytes} bytes, far more than roles take.");
        }
        await using var content = await dump.OpenAsync(file.Path, cancellationToken);
        using var reader = new StreamReader(content, Encoding.UTF8);
        return new GlobalsScript(await reader.ReadToEndAsync(cancellationToken));
    }

    /// <summary>
    /// Makes the roles and tablespaces that are not there: the roles all or none. Fails with <see cref="SourceException"/>.
    /// </summary>
    public async Task RunAsync(TargetServer server, ServerLook found, CancellationToken cancellationToken)
    {
        await using var connection = await server.ConnectAsync(cancellationToken);
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            foreach (var statement in statements.Where(statement => !statement.Verb.Contains("TABLESPACE", StringComparison.Ordinal)))
            {
                if (IsNeeded(statement.Verb, statement.Names, found))
                {
                    await ExecuteAsync(connection, statement, cancellationToken);
                }
            }
            await transaction.CommitAsync(cancellationToken);
        }
        foreach (var statement in statements.Where(statement => statement.Verb.Contains("TABLESPACE", StringComparison.Ordinal)))
        {
            if (!found.Tablespaces.Contains(statement.Names[0])) // No transaction can hold these.
            {
                await ExecuteAsync(connection, statement, cancellationToken);
            }
        }
    }

    private static bool IsNeeded(string verb, string[] names, ServerLook found) => verb switch
    {
        "CREATE ROLE" or "ALTER ROLE" or "COMMENT ON ROLE" => !found.Roles.ContainsKey(names[0]),
        "GRANT" => names.Any(name => !found.Roles.ContainsKey(name)),
        _ => true,
    };

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, (string Sql, string Verb, string[] Names) statement, CancellationToken cancellationToken)
    {
        var what = $"{statement.Verb} {string.Join(", ", statement.Names)}".Trim();
        await TargetErrors.ExplainAsync($"The accounts cannot be restored: {what} failed", async () =>
        {
            await using var command = new NpgsqlCommand(statement.Sql, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        });
    }

    private static (string Sql, string Verb, string[] Names) Classify(string sql)
    {
        if (OneName().Match(sql) is { Success: true } one)
        {
            return (sql, one.Groups["verb"].Value, [Unquote(one.Groups["name"].Value)]);
        }
        if (Membership().Match(sql) is { Success: true } membership)
        {
            return (sql, "GRANT", [Unquote(membership.Groups["role"].Value), Unquote(membership.Groups["member"].Value)]);
        }
        return (sql, "", []);
    }

    private static string Unquote(string name) => name.StartsWith('"') ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name;

    private const string Name = "(\"([^\"]|\"\")+\"|[a-z_][a-z0-9_$]*)";

    [GeneratedRegex(
        "^((?<verb>(CREATE|ALTER|COMMENT ON) (ROLE|TABLESPACE))|(?<verb>(GRANT|REVOKE) .* ON TABLESPACE)) (?<name>" + Name + ")( |$)",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex OneName();

    [GeneratedRegex(
        "^GRANT (?<role>" + Name + ") TO (?<member>" + Name + ")( |$)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Membership();
}
