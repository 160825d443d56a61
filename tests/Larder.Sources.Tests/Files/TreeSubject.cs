using Larder.Sources.Exchanges;
using Larder.Sources.Files;
using Larder.Testing;

namespace Larder.Sources.Tests.Files;

/// <summary>Folders or files in a temporary folder, each of which holds the content twice: a mixture would show.</summary>
internal sealed class TreeSubject(IReadOnlyList<(string Name, bool IsFolder)> lives, bool canExchange = true) : IExchangeSubject
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public TemporaryFolder Folder { get; } = new();

    public IReadOnlyList<string> Lives => [.. lives.Select(live => Folder[live.Name])];

    public Task MakeLiveAsync(string content)
    {
        foreach (var (name, isFolder) in lives)
        {
            Write(Folder[name], isFolder, content);
        }
        return Task.CompletedTask;
    }

    public Task<ExchangeRecord> PlanAsync()
    {
        var record = TreeExchange.Plan(lives.Select(live => (Folder[live.Name], live.IsFolder)), "0123abcd");
        return Task.FromResult(canExchange ? record : WithoutExchange(record));
    }

    public Task StageAsync(IExchange exchange, ExchangeRecord record, string content)
    {
        foreach (var part in record.Parts)
        {
            Write(part.Beside, part.Kind == "folder", content);
        }
        ((TreeExchange)exchange).MarkWhole();
        return Task.CompletedTask;
    }

    public Task StageHalfAsync(ExchangeRecord record)
    {
        Write(record.Parts[0].Beside, record.Parts[0].Kind == "folder", "half");
        return Task.CompletedTask;
    }

    public Task<string?> ReadLiveAsync()
    {
        var contents = Lives.SelectMany(Read).Distinct().ToList();
        return Task.FromResult(contents is [var only] ? only : "mixed: " + string.Join(", ", contents));
    }

    public Task<IReadOnlyList<string>> ListAsync() => Task.FromResult<IReadOnlyList<string>>([.. Folder.Names]);

    public IExchange Open(ExchangeRecord record, Action<string>? afterCall = null) => new TreeExchange(record, afterCall);

    public ValueTask DisposeAsync() => Folder.DisposeAsync();

    public static void Write(string path, bool isFolder, string content)
    {
        if (isFolder)
        {
            Directory.CreateDirectory(Path.Combine(path, "sub"));
            File.WriteAllText(Path.Combine(path, "first"), content);
            File.WriteAllText(Path.Combine(path, "sub", "second"), content);
        }
        else
        {
            File.WriteAllText(path, content);
        }
    }

    private static IEnumerable<string?> Read(string path) => Directory.Exists(path)
        ? [File.ReadAllText(Path.Combine(path, "first")), File.ReadAllText(Path.Combine(path, "sub", "second"))]
        : [File.Exists(path) ? File.ReadAllText(path) : null];

    /// <summary>As it is planned where the file system cannot exchange names.</summary>
    private static ExchangeRecord WithoutExchange(ExchangeRecord record) => record with
    {
        IsAtomic = record.Parts.All(part => part.Old is null),
        Parts = [.. record.Parts.Select(part => part.Old is null ? part : part with { Detail = SiblingNames.TwoRenames })],
    };
}
