using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

public sealed class LocalStorageContract : StorageContract
{
    private readonly TemporaryFolder folder = new();
    private LocalStorage? local;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        local?.Dispose();
        folder.Dispose();
    }

    protected override async Task<IStorage> CreateAsync()
    {
        // A name that no encoding but UTF-8 gets right, with a blank and a quote.
        local = new LocalStorage(folder["a b/Überßicht \"漢字\" 🗄"]);
        await local.PrepareAsync(None);
        return local;
    }
}

public sealed class MemoryStorageContract : StorageContract
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult<IStorage>(new MemoryStorage());
}

public sealed class RetryingStorageContract : StorageContract
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult<IStorage>(
        new RetryingStorage(new MemoryStorage(), new RetryPolicy(), new TestClock { AdvancesByItself = true }, seed: 1));
}

public sealed class ThrottledStorageContract : StorageContract
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult<IStorage>(
        new ThrottledStorage(new MemoryStorage(), 1 << 20, 1 << 20, new TestClock { AdvancesByItself = true }));
}

/// <summary>The fault tool itself must not break the contract where it strikes nothing.</summary>
public sealed class FaultyStorageContract : StorageContract
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult<IStorage>(new FaultyStorage(new MemoryStorage(), FaultPlan.None));
}
