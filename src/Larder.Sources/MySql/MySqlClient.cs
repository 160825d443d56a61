using System.Text;
using Larder.Sources.Tools;

namespace Larder.Sources.MySql;

/// <summary>Asks a server, and reads all of the answer.</summary>
internal delegate Task<IReadOnlyList<string[]>> MySqlQuery(string sql, CancellationToken cancellationToken);

/// <summary>Talks to a server through its own client program: questions with small answers, and scripts of any size.</summary>
internal sealed class MySqlClient(MySqlServer server, string program, bool isMariaDb, TimeProvider clock)
{
    private const int ConnectSeconds = 15;

    public MySqlServer Server => server;

    /// <summary>
    /// Asks and reads all of the answer. A NULL comes as the word, so questions must not let it through.
    /// Fails with <see cref="SourceException"/>.
    /// </summary>
    public async Task<IReadOnlyList<string[]>> QueryAsync(string sql, CancellationToken cancellationToken)
    {
        await using var script = Open("", hasAnswer: true);
        var answer = ReadTextAsync(script.Answer, cancellationToken);
        await script.WriteAsync(Encoding.UTF8.GetBytes("SET NAMES utf8mb4;\n" + sql), cancellationToken);
        await script.CompleteAsync(cancellationToken);
        return
        [
            .. (await answer).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ParseRow),
        ];
    }

    /// <summary>Runs statements in a database, or in none. Fails with <see cref="SourceException"/>.</summary>
    public async Task ExecuteAsync(string sql, string database, CancellationToken cancellationToken)
    {
        await using var script = Open(database, hasAnswer: false);
        await script.WriteAsync(Encoding.UTF8.GetBytes(sql), cancellationToken);
        await script.CompleteAsync(cancellationToken);
    }

    /// <summary>Starts a client that waits for statements.</summary>
    /// <param name="database">Which it begins in; empty for none.</param>
    /// <param name="hasAnswer">Whether the caller reads the answers; otherwise they are thrown away by the client's own standard.</param>
    public MySqlScript Open(string database, bool hasAnswer, bool sandboxed = false)
    {
        var login = OptionFile.Create(server, isMariaDb);
        try
        {
            List<string> arguments =
            [
                login.Argument, "--batch", "--skip-column-names", "--unbuffered", "--default-character-set=utf8mb4", "--binary-mode",
                "--max-allowed-packet=1G", $"--connect-timeout={ConnectSeconds}", "--skip-reconnect",
            ];
            if (sandboxed)
            {
                arguments.Add("--sandbox"); // What is fed must not be able to run programs here.
            }
            if (database.Length > 0)
            {
                arguments.Add($"--database={database}");
            }
            var process = ToolProcess.Start(
                new ToolStart { Program = program, Arguments = arguments, ShownName = Path.GetFileName(program), HasInput = true }, clock);
            return new MySqlScript(server, process, login, hasAnswer);
        }
        catch
        {
            login.Dispose();
            throw;
        }
    }

    /// <summary>Runs a program that needs no login, such as one that prints its version.</summary>
    public static async Task<string> ReadOutputAsync(ToolStart start, TimeProvider clock, CancellationToken cancellationToken)
    {
        await using var process = ToolProcess.Start(start, clock);
        var text = await ReadTextAsync(process.Output.AsStream(), cancellationToken);
        await process.CompleteAsync(cancellationToken);
        return text;
    }

    private static async Task<string> ReadTextAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    /// <summary>The fields of a line of an answer.</summary>
    public static string[] ParseRow(string line) => [.. line.Split('\t').Select(Unescape)];

    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }
        var text = new StringBuilder();
        for (var at = 0; at < field.Length; at++)
        {
            text.Append(field[at] != '\\' || at + 1 == field.Length ? field[at] : field[++at] switch
            {
                'n' => '\n',
                't' => '\t',
                '0' => '\0',
                var other => other,
            });
        }
        return text.ToString();
    }
}
