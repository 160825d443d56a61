using System.Globalization;
using System.Text.Json.Nodes;
using Larder.Auth;
using Larder.Engine;
using Larder.Engine.Access;
using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Errors;
using Larder.Engine.Export;

namespace Larder.Api;

/// <summary>What is in a backup: collections, documents, files, and the whole of it to take away.</summary>
internal static class ContentRoutes
{
    private const int DocumentsByDefault = 100;
    private const int FilesByDefault = 1000; // A backup may hold more files than memory holds lines.

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/api/backups/{id}/collections",
            Action = "content.collections",
            Summary = "Lists the collections or tables of a backup, with how much is in them.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            AnswerExample =
                """
                [{"collection_name":"bookings","document_count":150,"file_size":"45.67 KB","size_bytes":46766,"entry":"temple.bookings",
                "source":"db","kind":"collection"}]
                """,
            Run = CollectionsAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/backups/{id}/collections/{name}",
            Action = "content.documents",
            Summary = "Reads documents of a collection in a backup, without restoring it.",
            Details = "`search` finds a text anywhere in a document. `total_documents` counts those that fit.",
            Needs = Needs.Of(Role.Admin, Scope.Data),
            Query =
            [
                new("search", "string", "Only documents that hold this text.", "Puja"), QueryParameter.Limit, QueryParameter.Offset,
            ],
            AnswerExample =
                """
                {"collection_name":"bookings","documents":[{"_id":{"$oid":"507f1f77bcf86cd799439011"},"name":"John Doe"}],
                "total_documents":150}
                """,
            Run = DocumentsAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/backups/{id}/files",
            Action = "content.files",
            Summary = "Lists a folder in a backup, as `larder ls --shallow` does; with `recursive` all below it too.",
            Details = "1000 at a time; `Link` says where the list goes on.",
            Needs = Needs.Of(Role.Viewer, Scope.Read),
            Query =
            [
                new("path", "string", "The folder, beginning with a source's name.", "code/srv/journal"),
                new("recursive", "boolean", "What lies deeper than the folder itself too.", "false"),
                RepositoryNames.Query,
                new("limit", "integer", "At most so many, 1 to 1000; 1000 by default.", "1000"),
                QueryParameter.Offset,
            ],
            AnswerExample =
                """
                [{"path":"code/srv","name":"srv","type":"dir","size_bytes":0,"modified_at":"2024-11-08T12:00:00+00:00","mode":"drwxr-xr-x",
                "uid":1000,"gid":1000,"user":"ada","group":"ada","link_target":null}]
                """,
            Run = FilesAsync,
        },
        new()
        {
            Method = "GET",
            Path = "/api/backups/{id}/download",
            Action = "content.download",
            Summary = "Sends a backup, or a part of it, as files that other tools read.",
            Details = "`tar.gz` holds everything in each engine's own layout; `sql.gz` one database as SQL (SQLite, PostgreSQL, MySQL, "
                + "MariaDB; of several in a dump the one that `entry` names); `native` exactly one "
                + "file. A transfer that fails on its way is broken off, so half a backup never looks like a whole one.",
            Needs = Needs.Of(Role.Admin, Scope.Data),
            Query =
            [
                new("format", "string", "native, tar.gz (by default) or sql.gz.", "tar.gz"),
                new("only", "string", "Only this source.", "db"),
                new("entry", "string", "Only this table, collection, file or folder.", "app.public.users"),
                RepositoryNames.Query,
            ],
            AnswerType = "application/gzip",
            Run = DownloadAsync,
        },
    ];

    private static async Task<Answer?> CollectionsAsync(ApiCall call)
    {
        LocalMode.EnsureNotElsewhere(call);
        var backup = await BackupNames.ResolveAsync(call, call.Part("id"));
        var engine = await call.Services.EngineAsync(call.Cancelled);
        var entries = (await engine.Library.OpenAsync(backup, call.Cancelled)).Manifest.Sources
            .SelectMany(source => source.Entries.Where(entry => entry.HasRows).Select(entry => (Source: source, Entry: entry)))
            .ToList();
        var names = entries.CountBy(one => Brief(one.Entry.Name)).ToDictionary(StringComparer.Ordinal);
        return Answer.Json(new JsonArray(
            [.. entries.Select(one => (JsonNode)new JsonObject
            {
                // Where two databases have one of the same name, only the whole name says which is meant.
                ["collection_name"] = names[Brief(one.Entry.Name)] == 1 ? Brief(one.Entry.Name) : one.Entry.Name,
                ["document_count"] = one.Entry.Rows,
                ["file_size"] = SizeText(one.Entry.Bytes ?? 0),
                ["size_bytes"] = one.Entry.Bytes,
                ["entry"] = one.Entry.Name,
                ["source"] = one.Source.Name,
                ["kind"] = one.Entry.Kind,
            })]));
    }

    private static async Task<Answer?> DocumentsAsync(ApiCall call)
    {
        LocalMode.EnsureNotElsewhere(call);
        var (name, search) = (call.Part("name"), call.Query("search"));
        var (limit, offset) = call.Paging;
        var readable = await OpenAsync(call);
        var page = await StoredDocuments.ReadAsync(
            readable, name, search, call.Query("limit") is null ? DocumentsByDefault : limit, offset, call.Cancelled);
        var answer = Answer.Json(new JsonObject
        {
            ["collection_name"] = Brief(page.Collection),
            ["documents"] = new JsonArray([.. page.Documents]),
            ["total_documents"] = page.Total,
        });
        return answer with { Headers = [("X-Total-Count", $"{page.Total}")], Target = $"{readable.ShortId} {page.Collection}" };
    }

    private static async Task<Answer?> FilesAsync(ApiCall call)
    {
        var (_, offset) = call.Paging;
        var limit = call.Query("limit") is null ? FilesByDefault : call.Paging.Limit;
        var readable = await OpenAsync(call, RepositoryNames.OfOptional(call, call.Query(RepositoryNames.Query.Name)));
        var nodes = await BackupTree.ListAsync(readable, call.Query("path") ?? "", call.Flag("recursive"), call.Cancelled)
            .Skip(offset).Take(limit + 1).ToListAsync(call.Cancelled);
        var answer = Answer.Json(BrowseJson.Write([.. nodes.Take(limit)]));
        return nodes.Count > limit ? answer with { Headers = [Answer.NextOf(call, limit, offset)] } : answer;
    }

    private static async Task<Answer?> DownloadAsync(ApiCall call)
    {
        var format = ExportRun.ParseFormat(call.Query("format") ?? "tar.gz")
            ?? throw new LarderException(EngineError.UsageInvalid, "\"format\" is native, tar.gz or sql.gz.");
        var backup = await BackupNames.ResolveAsync(call, call.Part("id"));
        var engine = await call.Services.EngineAsync(call.Cancelled);
        var request = new ExportRequest
        {
            Backup = backup.BackupId,
            Repository = RepositoryNames.OfOptional(call, call.Query(RepositoryNames.Query.Name)),
            To = ExportRequest.StandardOutput,
            Format = format,
            Only = call.Query("only") is { } only ? only.Split(',', StringSplitOptions.RemoveEmptyEntries) : [],
            Entry = call.Query("entry"),
        };
        await new Download(call.Context, NameOf(backup, format)).SendAsync(
            (output, token) => ExportRun.ExecuteAsync(engine, request, output, new RunProgress(), token));
        return null;
    }

    private static async Task<ReadableBackup> OpenAsync(ApiCall call, string? repository = null)
    {
        var backup = await BackupNames.ResolveAsync(call, call.Part("id"));
        return await ReadableBackup.OpenAsync(
            await call.Services.EngineAsync(call.Cancelled), backup.BackupId, repository, call.Cancelled);
    }

    // Of names and digits alone: nothing in it can end the header or leave a folder.
    private static string NameOf(Backup backup, ExportFormat format) => format switch
    {
        ExportFormat.TarGz => $"{backup.Job}_backup_{backup.Timestamp}.tar.gz",
        ExportFormat.SqlGz => $"{backup.Job}_backup_{backup.Timestamp}.sql.gz",
        _ => $"{backup.Job}_backup_{backup.Timestamp}",
    };

    /// <summary>The name without that of its database.</summary>
    public static string Brief(string entry) => entry[(entry.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private static string SizeText(long bytes)
    {
        const double step = 1024;
        var (value, unit) = bytes < step * step ? (bytes / step, "KB")
            : bytes < step * step * step ? (bytes / (step * step), "MB")
            : (bytes / (step * step * step), "GB");
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.00} {unit}");
    }
}
