using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Larder.Repository.Snapshots;

/// <summary>The JSON of a snapshot file.</summary>
public static class SnapshotFile
{
    private static readonly JsonSerializerOptions Rewriting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The JSON in restic's order of fields; what is empty is left out.</summary>
    public static byte[] Encode(Snapshot snapshot)
    {
        using var json = new GoJson(1024);
        json.Raw("{\"time\":"u8);
        json.Time(snapshot.Time);
        WriteHash(json, ",\"parent\":"u8, snapshot.Parent?.Hash);
        WriteHash(json, ",\"tree\":"u8, snapshot.Tree.Hash);
        json.Raw(",\"paths\":"u8);
        json.Strings(snapshot.Paths);
        WriteText(json, ",\"hostname\":"u8, snapshot.Hostname);
        WriteText(json, ",\"username\":"u8, snapshot.Username);
        WriteOwner(json, ",\"uid\":"u8, snapshot.Uid);
        WriteOwner(json, ",\"gid\":"u8, snapshot.Gid);
        WriteTexts(json, ",\"excludes\":"u8, snapshot.Excludes);
        WriteTexts(json, ",\"tags\":"u8, snapshot.Tags);
        WriteHash(json, ",\"original\":"u8, snapshot.Original?.Hash);
        WriteText(json, ",\"program_version\":"u8, snapshot.ProgramVersion);
        if (snapshot.Summary is { } summary)
        {
            Write(json, summary);
        }
        json.Raw("}"u8);
        return json.ToArray();
    }

    /// <summary>
    /// Reads the snapshot of any program; fields that are not known are skipped, a summary that cannot be read is left out.
    /// </summary>
    /// <exception cref="RepositoryException">Damaged: the bytes are no snapshot with a time, a tree and paths.</exception>
    public static Snapshot Decode(ReadOnlySpan<byte> json)
    {
        using var file = JsonFile.Parse(json, "snapshot");
        return new Snapshot
        {
            Time = file.Time("time"),
            Parent = file.OptionalHash("parent") is { } parent ? new SnapshotId(parent) : null,
            Tree = new BlobId(file.OptionalHash("tree") ?? throw file.Damaged("it has no tree")),
            Paths = file.Texts("paths") ?? throw file.Damaged("it has no paths"),
            Hostname = file.OptionalText("hostname"),
            Username = file.OptionalText("username"),
            Uid = (uint)file.Number("uid", 0, uint.MaxValue),
            Gid = (uint)file.Number("gid", 0, uint.MaxValue),
            Excludes = file.Texts("excludes") ?? [],
            Tags = file.Texts("tags") ?? [],
            Original = file.OptionalHash("original") is { } original ? new SnapshotId(original) : null,
            ProgramVersion = file.OptionalText("program_version"),
            Summary = file.OptionalObject("summary", ReadSummary),
        };
    }

    /// <summary>
    /// Changes fields of a snapshot that another program may have written, and keeps the order and the content of all others, those that
    /// are not known
    /// to us included. Setting <c>original</c> is the caller's part.
    /// </summary>
    /// <exception cref="RepositoryException">Damaged: the bytes are no snapshot, or would be none after the change.</exception>
    public static byte[] Rewrite(ReadOnlySpan<byte> json, Action<JsonObject> change)
    {
        _ = Decode(json);
        JsonObject fields;
        try
        {
            // A field that stands twice could not be kept.
            fields = (JsonObject)JsonNode.Parse(json, null, new JsonDocumentOptions { AllowDuplicateProperties = false })!;

            // Names of fields are decoded when first asked for; here, what is no Unicode is damage, in the caller's hands it would be a
            // surprise.
            _ = fields.Count;
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new RepositoryException(RepositoryError.Damaged, $"A snapshot cannot be rewritten: {cause.Message}", cause);
        }
        change(fields);
        byte[] rewritten;
        try
        {
            rewritten = JsonSerializer.SerializeToUtf8Bytes(fields, Rewriting);
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new RepositoryException(RepositoryError.Damaged, $"A snapshot cannot be rewritten: {cause.Message}", cause);
        }
        _ = Decode(rewritten);
        return rewritten;
    }

    private static void Write(GoJson json, SnapshotSummary summary)
    {
        json.Raw(",\"summary\":{\"backup_start\":"u8);
        json.Time(summary.BackupStart);
        json.Raw(",\"backup_end\":"u8);
        json.Time(summary.BackupEnd);
        WriteNumber(json, ",\"files_new\":"u8, summary.FilesNew);
        WriteNumber(json, ",\"files_changed\":"u8, summary.FilesChanged);
        WriteNumber(json, ",\"files_unmodified\":"u8, summary.FilesUnmodified);
        WriteNumber(json, ",\"dirs_new\":"u8, summary.DirsNew);
        WriteNumber(json, ",\"dirs_changed\":"u8, summary.DirsChanged);
        WriteNumber(json, ",\"dirs_unmodified\":"u8, summary.DirsUnmodified);
        WriteNumber(json, ",\"data_blobs\":"u8, (ulong)Math.Max(0, summary.DataBlobs));
        WriteNumber(json, ",\"tree_blobs\":"u8, (ulong)Math.Max(0, summary.TreeBlobs));
        WriteNumber(json, ",\"data_added\":"u8, summary.DataAdded);
        WriteNumber(json, ",\"data_added_packed\":"u8, summary.DataAddedPacked);
        WriteNumber(json, ",\"total_files_processed\":"u8, summary.TotalFilesProcessed);
        WriteNumber(json, ",\"total_bytes_processed\":"u8, summary.TotalBytesProcessed);
        json.Raw("}"u8);
    }

    private static SnapshotSummary ReadSummary(JsonFile summary) => new()
    {
        BackupStart = summary.Time("backup_start"),
        BackupEnd = summary.Time("backup_end"),
        FilesNew = summary.Count("files_new"),
        FilesChanged = summary.Count("files_changed"),
        FilesUnmodified = summary.Count("files_unmodified"),
        DirsNew = summary.Count("dirs_new"),
        DirsChanged = summary.Count("dirs_changed"),
        DirsUnmodified = summary.Count("dirs_unmodified"),
        DataBlobs = summary.Number("data_blobs", 0, long.MaxValue),
        TreeBlobs = summary.Number("tree_blobs", 0, long.MaxValue),
        DataAdded = summary.Count("data_added"),
        DataAddedPacked = summary.Count("data_added_packed"),
        TotalFilesProcessed = summary.Count("total_files_processed"),
        TotalBytesProcessed = summary.Count("total_bytes_processed"),
    };

    private static void WriteHash(GoJson json, ReadOnlySpan<byte> field, Hash256? hash)
    {
        if (hash is { } present)
        {
            json.Raw(field);
            json.Hash(present);
        }
    }

    private static void WriteText(GoJson json, ReadOnlySpan<byte> field, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            json.Raw(field);
            json.String(text);
        }
    }

    private static void WriteTexts(GoJson json, ReadOnlySpan<byte> field, IReadOnlyList<string> texts)
    {
        if (texts.Count > 0)
        {
            json.Raw(field);
            json.Strings(texts);
        }
    }

    private static void WriteOwner(GoJson json, ReadOnlySpan<byte> field, uint id)
    {
        if (id != 0)
        {
            WriteNumber(json, field, id);
        }
    }

    private static void WriteNumber(GoJson json, ReadOnlySpan<byte> field, ulong number)
    {
        json.Raw(field);
        json.Number(number);
    }
}
