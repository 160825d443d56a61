using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Engine.Errors;
using Larder.Sources.Files;

namespace Larder.Engine.Drills;

/// <summary>
/// What remains of a drill: a file of three lines that together are one JSON document. The second line is the report, and what is signed
/// are its very bytes; the third has the signature. So the file can be checked by any program, and no byte of it can change unnoticed.
/// </summary>
public static class Evidence
{
    private const string Folder = "drills";
    private const string Algorithm = "ECDSA-P256-SHA256";
    private const string Head = "{\"evidence\":\n";
    private const long BytesMax = 256 * 1024 * 1024; // A million entries.

    /// <summary>Writes and signs it: whole, or not at all.</summary>
    /// <returns>The path of the file.</returns>
    internal static string Write(string stateDirectory, DrillReport report)
    {
        Directory.CreateDirectory(Path.Combine(stateDirectory, Folder));
        using var key = EvidenceKey.LoadOrCreate(stateDirectory);
        var path = PathOf(stateDirectory, report.RunId);
        DurableFile.CreatePrivate(path, Sign(DrillJson.WriteOnOneLine(report), key));
        return path;
    }

    /// <summary>Where the evidence of a drill lies, if it left any.</summary>
    public static string PathOf(string stateDirectory, string runId) =>
        Path.Combine(Path.GetFullPath(stateDirectory), Folder, $"{runId}.json");

    /// <summary>
    /// Whether a file is evidence that this installation signed, unchanged to the last byte.
    /// </summary>
    /// <param name="stateDirectory">Of the installation, for its public key.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="LarderException"><see cref="EngineError.EvidenceNotGenuine"/>, saying why.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static GenuineEvidence Check(string stateDirectory, string path)
    {
        if (new FileInfo(path).Length > BytesMax)
        {
            throw NotGenuine(path, "it is larger than any evidence");
        }
        var bytes = File.ReadAllBytes(path);
        using var key = LoadPublic(stateDirectory, path)
            ?? throw NotGenuine(path, $"{stateDirectory} has no {EvidenceKey.PublicFileName} to check it with: nothing was signed here");
        var first = bytes.AsSpan().IndexOf((byte)'\n') + 1;
        var length = bytes.AsSpan(first).IndexOf((byte)'\n');
        if (first == 0 || length < 0)
        {
            throw NotGenuine(path, "it does not have the form of evidence");
        }
        var report = bytes.AsSpan(first, length).ToArray();
        var signature = ReadSignature(path, bytes.AsSpan(first + length + 1));
        if (signature.Key != EvidenceKey.IdOf(key))
        {
            throw NotGenuine(path, $"it was signed with the key {signature.Key}, and the key here is {EvidenceKey.IdOf(key)}");
        }
        if (!key.VerifyData(report, signature.Value, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            || !Frame(report, signature.Key, signature.Value).AsSpan().SequenceEqual(bytes))
        {
            throw NotGenuine(path, "it was changed after it was signed");
        }
        using var document = JsonDocument.Parse(report);
        return new GenuineEvidence(
            document.RootElement.GetProperty("run_id").GetString()!,
            document.RootElement.GetProperty("job").GetString()!,
            document.RootElement.GetProperty("backup_id").GetString(),
            document.RootElement.GetProperty("status").GetString()!,
            document.RootElement.GetProperty("finished_at").GetDateTimeOffset(),
            document.RootElement.TryGetProperty("rto_seconds", out var rto) && rto.ValueKind == JsonValueKind.Number
                ? rto.GetDouble()
                : null,
            signature.Key);
    }

    private static ECDsa? LoadPublic(string stateDirectory, string path)
    {
        try
        {
            return EvidenceKey.TryLoadPublic(stateDirectory);
        }
        catch (CryptographicException e)
        {
            throw NotGenuine(path, e.Message.TrimEnd('.'));
        }
    }

    private static byte[] Sign(byte[] report, ECDsa key) => Frame(
        report, EvidenceKey.IdOf(key), key.SignData(report, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    private static byte[] Frame(byte[] report, string keyId, byte[] signature) =>
    [
        .. Encoding.ASCII.GetBytes(Head),
        .. report,
        .. Encoding.ASCII.GetBytes($"\n,\"signature\":{{\"algorithm\":\"{Algorithm}\",\"key\":\"{keyId}\",\"value\":\""),
        .. Encoding.ASCII.GetBytes($"{Convert.ToBase64String(signature)}\"}}}}\n"),
    ];

    private static (string Key, byte[] Value) ReadSignature(string path, ReadOnlySpan<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse("{\"x\":0" + Encoding.UTF8.GetString(line));
            var signature = document.RootElement.GetProperty("signature");
            return (signature.GetProperty("key").GetString() ?? "", signature.GetProperty("value").GetBytesFromBase64());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw NotGenuine(path, "it has no signature");
        }
    }

    private static LarderException NotGenuine(string path, string why) =>
        new(EngineError.EvidenceNotGenuine, $"{path} is no genuine evidence: {why}.");
}

/// <summary>What genuine evidence is of.</summary>
/// <param name="Status">The verdict: <c>success</c> or <c>failed</c>.</param>
/// <param name="Key">Which key signed it.</param>
public sealed record GenuineEvidence(
    string RunId, string Job, string? BackupId, string Status, DateTimeOffset FinishedAt, double? RtoSeconds, string Key)
{
    /// <summary>As <c>drill --check --json</c> prints it.</summary>
    public JsonObject ToJson() => new()
    {
        ["genuine"] = true,
        ["run_id"] = RunId,
        ["job"] = Job,
        ["backup_id"] = BackupId,
        ["status"] = Status,
        ["finished_at"] = FinishedAt,
        ["key"] = Key,
    };
}
