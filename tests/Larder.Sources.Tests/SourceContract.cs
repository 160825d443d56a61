namespace Larder.Sources.Tests;

/// <summary>What every source promises. Each adapter's tests derive from it and run against the real thing.</summary>
public abstract class SourceContract
{
    /// <summary>A source with at least one file of more than 200 KB, the same at every call.</summary>
    protected abstract ISource Create();

    /// <summary>A source whose database, folder or program is not there.</summary>
    protected abstract ISource CreateMissing();

    /// <summary>What using <see cref="CreateMissing"/> fails with.</summary>
    protected virtual SourceError MissingError => SourceError.NotFound;

    /// <summary>Fails unless these files, by path, are what the source holds.</summary>
    protected abstract Task AssertContentAsync(IReadOnlyDictionary<string, byte[]> files);

    /// <summary>Processes, temporary files and locks that a session left.</summary>
    protected abstract IReadOnlyList<string> FindLeftovers();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_probe_finds_the_source_and_changes_nothing()
    {
        var probe = await Create().ProbeAsync(Cancellation);
        Assert.True(probe.EstimatedBytes is null or > 0);
        Assert.Empty(FindLeftovers());
    }

    [Fact]
    public async Task A_session_read_to_its_end_hands_over_what_the_source_holds()
    {
        var source = Create();
        await AssertContentAsync(await ReadAllAsync(source));
        Assert.Empty(FindLeftovers());
    }

    [Fact]
    public async Task A_second_session_hands_over_the_same()
    {
        var source = Create();
        _ = await ReadAllAsync(source);
        await AssertContentAsync(await ReadAllAsync(source));
    }

    [Fact]
    public async Task A_description_is_known_from_the_beginning()
    {
        var source = Create();
        await using var session = await source.OpenAsync(Cancellation);
        Assert.Equal(source.Engine, session.Description.Engine);
        Assert.NotEmpty(session.Description.Consistency);
    }

    [Fact]
    public async Task A_folder_comes_before_what_it_contains_and_no_path_comes_twice()
    {
        await using var session = await Create().OpenAsync(Cancellation);
        var seen = new HashSet<string>(StringComparer.Ordinal) { "" };
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            var path = Convert.ToHexString(entry.Path.Bytes);
            var slash = entry.Path.Bytes.LastIndexOf((byte)'/');
            Assert.Contains(slash < 0 ? "" : Convert.ToHexString(entry.Path.Bytes[..slash]), seen);
            Assert.True(seen.Add(path), $"{entry.Path} came twice.");
            Assert.Equal(entry.Attributes.Type == EntryType.File, entry.OpenContent is not null);
            await DrainAsync(entry);
        }
        Assert.True(seen.Count > 1);
    }

    [Fact]
    public async Task Facts_name_files_that_were_handed_over()
    {
        await using var session = await Create().OpenAsync(Cancellation);
        var files = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            files[entry.Path.ToString()] = (await DrainAsync(entry)).Length;
        }
        var outcome = await session.CompleteAsync(Cancellation);
        Assert.Empty(outcome.Warnings);
        Assert.All(outcome.Entries, facts =>
        {
            Assert.Contains(facts.File, files);
            Assert.Equal(facts.Rows, facts.Fingerprint?.Rows ?? facts.Rows);
            Assert.Equal(files[facts.File], facts.Bytes ?? files[facts.File]);
        });
    }

    [Fact]
    public async Task Completing_before_the_entries_were_read_is_refused()
    {
        await using var session = await Create().OpenAsync(Cancellation);
        await Assert.ThrowsAsync<InvalidOperationException>(() => session.CompleteAsync(Cancellation));
    }

    [Fact]
    public async Task Completing_in_the_midst_of_the_entries_is_refused()
    {
        await using var session = await Create().OpenAsync(Cancellation);
        await using var entries = session.ReadEntriesAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await entries.MoveNextAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => session.CompleteAsync(Cancellation));
    }

    [Fact]
    public async Task Disposing_unread_leaves_nothing_behind()
    {
        var session = await Create().OpenAsync(Cancellation);
        await session.DisposeAsync();
        Assert.Empty(FindLeftovers());
    }

    [Fact]
    public async Task Disposing_in_the_midst_of_a_file_leaves_nothing_behind()
    {
        var source = Create();
        var session = await source.OpenAsync(Cancellation);
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            if (entry.OpenContent is not null)
            {
                await using var content = await entry.OpenContent(Cancellation);
                await content.ReadExactlyAsync(new byte[100], Cancellation);
                break;
            }
        }
        await session.DisposeAsync();
        Assert.Empty(FindLeftovers());
        await AssertContentAsync(await ReadAllAsync(source)); // And the source can be read again at once.
    }

    [Fact]
    public async Task A_cancelled_caller_is_told_so_at_every_call()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Create().ProbeAsync(cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Create().OpenAsync(cancelled.Token));

        await using var session = await Create().OpenAsync(Cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var entry in session.ReadEntriesAsync(cancelled.Token))
            {
                Assert.Fail($"{entry.Path} was handed over.");
            }
        });
    }

    [Fact]
    public async Task A_source_that_is_not_there_is_named_so()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() => ReadAllAsync(CreateMissing()));
        Assert.Equal(MissingError, error.Error);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.Empty(FindLeftovers());
    }

    /// <summary>One whole session, as a backup makes it.</summary>
    protected static async Task<IReadOnlyDictionary<string, byte[]>> ReadAllAsync(ISource source)
    {
        await using var session = await source.OpenAsync(Cancellation);
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await foreach (var entry in session.ReadEntriesAsync(Cancellation))
        {
            if (entry.OpenContent is not null)
            {
                files.Add(entry.Path.ToString(), await DrainAsync(entry));
            }
        }
        await session.CompleteAsync(Cancellation);
        return files;
    }

    private static async Task<byte[]> DrainAsync(SourceEntry entry)
    {
        if (entry.OpenContent is null)
        {
            return [];
        }
        await using var content = await entry.OpenContent(Cancellation);
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, Cancellation);
        if (entry.Attributes.SizeBytes > 0)
        {
            Assert.Equal((long)entry.Attributes.SizeBytes, bytes.Length);
        }
        return bytes.ToArray();
    }
}
