using System.Text;
using System.Text.RegularExpressions;
using Larder.Sources.Tools;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// The SQL of definitions, as pg_restore writes it: owners, privileges and the settings around them are its knowledge, not ours.
/// </summary>
internal sealed partial class ArchiveScript(PostgreSqlTools tools, TimeProvider clock)
{
    /// <param name="toc">What to make.</param>
    /// <param name="section"><c>pre-data</c>, <c>data</c> (of what has no file) or <c>post-data</c>.</param>
    /// <param name="cancellationToken">Ends pg_restore.</param>
    /// <returns>A script as large as the definitions, about 1 KB an object.</returns>
    public async Task<string> WriteAsync(ArchiveToc toc, string section, CancellationToken cancellationToken)
    {
        var script = "";
        await RunAsync(toc, section, ReadAsync, cancellationToken);
        return Clean(script);

        async Task ReadAsync(Stream output)
        {
            using var reader = new StreamReader(output, toc.TextEncoding);
            script = await reader.ReadToEndAsync(cancellationToken);
        }
    }

    /// <summary>The same for psql, byte for byte as pg_restore writes it.</summary>
    public Task CopyAsync(ArchiveToc toc, string section, Stream to, CancellationToken cancellationToken) =>
        RunAsync(toc, section, output => output.CopyToAsync(to, cancellationToken), cancellationToken);

    private async Task RunAsync(ArchiveToc toc, string section, Func<Stream, Task> read, CancellationToken cancellationToken)
    {
        using var folder = new PipeFolder();
        await using (var file = File.Create(folder[DatabaseFolder.TocFile]))
        {
            await file.WriteAsync(toc.ToBytes(), cancellationToken);
        }
        var start = new ToolStart
        {
            Program = tools.Restore,
            Arguments = ["--format=directory", "--section=" + section, "--file=-", folder.FullPath],
            Environment = new Dictionary<string, string> { ["LC_ALL"] = "C" },
            ShownName = "pg_restore",
        };
        await using var process = ToolProcess.Start(start, clock);
        await read(process.Output.AsStream());
        await process.CompleteAsync(cancellationToken);
    }

    /// <summary>
    /// Newer versions lock psql's own commands away with one of them, which only psql understands; and the script reaches the server as
    /// UTF-8, whatever the dump is in.
    /// </summary>
    private static string Clean(string script)
    {
        script = ClientEncoding().Replace(script, "", 1);
        if (Restrict().Match(script) is { Success: true } match)
        {
            var key = match.Groups["key"].Value;
            script = new StringBuilder(script).Replace($"\\restrict {key}\n", "").Replace($"\\unrestrict {key}\n", "").ToString();
        }
        return script;
    }

    [GeneratedRegex(
        @"^\\restrict (?<key>[A-Za-z0-9]+)$",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Restrict();

    [GeneratedRegex("^SET client_encoding = '[^']*';\n", RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex ClientEncoding();
}
