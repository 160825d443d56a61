using System.Collections.Concurrent;
using System.Text;
using Larder.Sources.Exchanges;
using Larder.Sources.Files;
using Larder.Sources.Native;
using Larder.Testing;

namespace Larder.Sources.Tests.Files;

public sealed class TreeExchangeTests
{
    private const string Token = "0123abcd";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_looks_at_the_live_folder_meanwhile_always_finds_one_whole()
    {
        await using var subject = new TreeSubject([("app", true)]);
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        Assert.True(record.IsAtomic);
        var exchange = subject.Open(record);
        await subject.StageAsync(exchange, record, "new");

        using var end = new CancellationTokenSource();
        var seen = new ConcurrentDictionary<string, int>();
        var reading = Task.Run(() => ReadUntil(subject.Lives[0], seen, end.Token), Cancellation);
        // On a busy machine the reader may begin late, so it goes on until both were met often enough to mean something.
        for (var i = 0; i < 100 || !(reading.IsCompleted || (seen.Count == 2 && seen.Values.All(count => count > 20))); i++)
        {
            await exchange.ExchangeAsync(Cancellation);
            await exchange.UndoAsync(Cancellation);
        }
        await end.CancelAsync();
        await reading;
        Assert.Equal(["new", "old"], seen.Keys.Order());
        Assert.All(seen.Values, count => Assert.True(count > 20, $"Seen only {count} times."));
    }

    private static void ReadUntil(string folder, ConcurrentDictionary<string, int> seen, CancellationToken end)
    {
        var path = LibcFiles.Terminate(Encoding.UTF8.GetBytes(folder));
        while (!end.IsCancellationRequested)
        {
            using var opened = new LibcDescriptor(LibcFiles.Open(Libc.AtFdCwd, path, Libc.OpenDirectory));
            Assert.False(opened.IsInvalid, $"The folder was not there: {LibcError.Describe(-opened.Number)}.");
            var inside = $"/proc/self/fd/{opened.Number}";
            var (first, second) = (File.ReadAllText($"{inside}/first"), File.ReadAllText($"{inside}/sub/second"));
            Assert.Equal(first, second);
            seen.AddOrUpdate(first, 1, (_, count) => count + 1);
        }
    }

    [Theory]
    [InlineData("exchange")]
    [InlineData("undo")]
    [InlineData("forget")]
    public async Task Killed_with_SIGKILL_after_any_call_it_is_exactly_the_old_or_the_new_one(string operation)
    {
        for (var calls = 1; ; calls++)
        {
            await using var subject = new TreeSubject([("app", true)]);
            await subject.MakeLiveAsync("old");
            var record = await subject.PlanAsync();
            await subject.StageAsync(subject.Open(record), record, "new");
            if (operation != "exchange")
            {
                await subject.Open(record).ExchangeAsync(Cancellation);
            }
            var work = new KilledWork { Operation = operation, Calls = calls, Record = record };
            if (!await KilledChild.RunAsync(work, Cancellation))
            {
                Assert.True(calls > 2, $"{operation} made {calls} calls.");
                return;
            }
            var state = await subject.Open(record).LookAsync(Cancellation);
            var isNew = operation == "forget" || state == ExchangeState.Exchanged;
            Assert.Equal(isNew ? "new" : "old", await subject.ReadLiveAsync());
            await subject.Open(record).ForgetAsync(Cancellation);
            Assert.Equal(isNew ? "new" : "old", await subject.ReadLiveAsync());
            Assert.Equal(["app"], await subject.ListAsync());
        }
    }

    [Theory]
    [InlineData("exchange")]
    [InlineData("keep")]
    public async Task A_file_that_its_program_has_replaced_since_is_still_told_from_the_old_one(string killedAfter)
    {
        await using var subject = new TreeSubject([("app.conf", false)]);
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        ReplaceByRename("old, changed by the program"); // Between restore and exchange.
        var killed = subject.Open(record, call =>
        {
            if (killedAfter == "exchange" && call.StartsWith("exchange", StringComparison.Ordinal))
            {
                throw new KilledException();
            }
        });
        var failure = await Record.ExceptionAsync(() => killed.ExchangeAsync(Cancellation));
        Assert.Equal(killedAfter == "exchange", failure is KilledException);

        ReplaceByRename("new, changed by the program"); // Before anybody recovers.
        Assert.Equal(ExchangeState.Exchanged, await subject.Open(record).LookAsync(Cancellation));
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old, changed by the program", await subject.ReadLiveAsync());
        Assert.Equal(ExchangeState.Beside, await subject.Open(record).LookAsync(Cancellation));
        Assert.Equal("new, changed by the program", await File.ReadAllTextAsync(record.Parts[0].Beside, Cancellation));

        void ReplaceByRename(string content)
        {
            File.WriteAllText(subject.Folder["written"], content);
            File.Move(subject.Folder["written"], subject.Folder["app.conf"], overwrite: true);
        }
    }

    [Fact]
    public async Task When_both_were_replaced_it_does_not_guess()
    {
        await using var subject = new TreeSubject([("app", true)]);
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        foreach (var path in new[] { record.Parts[0].Live, record.Parts[0].Beside })
        {
            Directory.Move(path, path + ".away"); // What a copy of the whole disk to another one does: all inodes are others.
            TreeSubject.Write(path, isFolder: true, "other");
        }
        var error = await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).LookAsync(Cancellation));
        Assert.Contains("cannot be told", error.Message, StringComparison.Ordinal);
        Assert.Contains(record.Parts[0].Live, error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).ExchangeAsync(Cancellation));
        await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).UndoAsync(Cancellation));
    }

    [Theory]
    [InlineData("ä")]
    [InlineData("x")]
    [InlineData("日")]
    [InlineData("🦊")]
    public async Task Names_of_255_bytes_are_shortened_to_names_that_no_other_one_gets(string letter)
    {
        var bytes = Encoding.UTF8.GetByteCount(letter);
        var name = string.Concat(Enumerable.Repeat(letter, 254 / bytes));
        await using var subject = new TreeSubject([(name + "1", true), (name + "2", true)]);
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        Assert.All(record.Parts, part => Assert.InRange(Encoding.UTF8.GetByteCount(Path.GetFileName(part.Old!)), 100, 240));
        Assert.Equal(4, record.Parts.SelectMany(part => new[] { part.Beside, part.Old }).Distinct().Count());
        await subject.StageAsync(subject.Open(record), record, "new");
        await subject.Open(record).ExchangeAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old", await subject.ReadLiveAsync());
    }

    [Fact]
    public void Names_beside_a_path_are_hidden_and_tell_the_restore()
    {
        using var folder = new TestFolder();
        folder.Write("app.conf", "old");
        var part = Assert.Single(TreeExchange.Plan([(folder["app.conf"], false)], Token).Parts);
        Assert.Equal(folder[".app.conf.larder-0123abcd"], part.Beside);
        Assert.Equal(folder[".app.conf.larder-0123abcd-old"], part.Old);
        Assert.Null(part.Detail);
        Assert.Equal(["app.conf"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName)); // No probe is left.
    }

    [Fact]
    public async Task Behind_a_symlink_what_it_leads_to_is_exchanged()
    {
        using var folder = new TestFolder();
        TreeSubject.Write(folder["releases/5"], isFolder: true, "old");
        await folder.ShellAsync("ln -s releases/5 current; ln -s current app; ln -s nowhere/yet dangling; ln -s a b; ln -s b a");
        var record = TreeExchange.Plan([(folder["app/"], true)], Token);
        Assert.Equal(folder["releases/5"], Assert.Single(record.Parts).Live);
        TreeSubject.Write(record.Parts[0].Beside, isFolder: true, "new");
        var exchange = new TreeExchange(record);
        exchange.MarkWhole();
        await exchange.ExchangeAsync(Cancellation);
        Assert.Equal("new", await File.ReadAllTextAsync(folder["app/first"], Cancellation));
        Assert.Equal("releases/5", new FileInfo(folder["current"]).LinkTarget);

        var missing = Assert.Single(TreeExchange.Plan([(folder["dangling"], true)], Token).Parts);
        Assert.Equal(folder["nowhere/yet"], missing.Live);
        Assert.Null(missing.Old);
        Assert.Throws<SourceException>(() => TreeExchange.Plan([(folder["a"], true)], Token));
    }

    [Fact]
    public async Task A_symlink_in_the_place_of_the_live_folder_is_not_followed_when_it_appeared_since()
    {
        await using var subject = new TreeSubject([("app", true)]);
        TreeSubject.Write(subject.Folder["elsewhere"], isFolder: true, "elsewhere");
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        Directory.Delete(subject.Lives[0], recursive: true);
        Directory.CreateSymbolicLink(subject.Lives[0], subject.Folder["elsewhere"]);
        await subject.Open(record).ExchangeAsync(Cancellation);
        await subject.Open(record).ForgetAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
        Assert.Equal("elsewhere", await File.ReadAllTextAsync(subject.Folder["elsewhere/first"], Cancellation));
    }

    [Fact]
    public async Task Nothing_is_written_through_a_symlink_of_somebody_who_may_write_in_the_folder()
    {
        await using var subject = new TreeSubject([("app", true)]);
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await File.WriteAllTextAsync(subject.Folder["victim"], "kept", Cancellation);
        File.CreateSymbolicLink(record.Parts[0].Beside + ".id~", subject.Folder["victim"]);
        File.CreateSymbolicLink(record.Parts[0].Beside + ".id", subject.Folder["nothing"]);
        await subject.StageAsync(subject.Open(record), record, "new");
        Assert.Equal("kept", await File.ReadAllTextAsync(subject.Folder["victim"], Cancellation));
        Assert.Equal(ExchangeState.Beside, await subject.Open(record).LookAsync(Cancellation));
        await subject.Open(record).ForgetAsync(Cancellation);
        Assert.Equal(["app", "victim"], await subject.ListAsync());
    }

    [Fact]
    public async Task What_appeared_where_nothing_stood_is_not_replaced()
    {
        await using var subject = new TreeSubject([("app", true), ("other", true)]);
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        Directory.CreateDirectory(subject.Folder["other"]); // Empty: a plain rename would replace it.
        var error = await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).ExchangeAsync(Cancellation));
        Assert.Equal(SourceError.TargetExists, error.Error);
        Assert.Contains("other", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(subject.Folder["app"])); // The first part was put back.
        Assert.Equal(ExchangeState.Beside, await subject.Open(record).LookAsync(Cancellation));
    }

    [Fact]
    public async Task The_last_that_is_left_is_never_removed()
    {
        await using var subject = new TreeSubject([("app", true)]);
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        await subject.Open(record).ExchangeAsync(Cancellation);
        Directory.Delete(subject.Lives[0], recursive: true);
        await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).ForgetAsync(Cancellation));
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("old", await subject.ReadLiveAsync());
    }

    [Fact]
    public async Task What_cannot_be_exchanged_is_refused_with_the_reason()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync(
            "mkdir -p mounted outer/inner 'outer two/in ner' ro plain; mount -t tmpfs none mounted; mount -t tmpfs none outer/inner; "
            + "mount -t tmpfs none 'outer two/in ner'; touch bound; mount --bind bound bound; "
            + "mount -t tmpfs none ro; mkdir ro/app; mount -o remount,ro ro; mkdir fixed; chattr +i fixed");
        try
        {
            Assert.Null(TreeExchange.WhyNot(folder["plain"]));
            Assert.Null(TreeExchange.WhyNot(folder["not/yet/there"]));
            Assert.Null(TreeExchange.WhyNot(folder["mounted/inside"]));
            Assert.Contains("mount point", TreeExchange.WhyNot(folder["mounted"]), StringComparison.Ordinal);
            Assert.Contains("mount point", TreeExchange.WhyNot(folder["bound"]), StringComparison.Ordinal);
            Assert.Contains(folder["outer/inner"], TreeExchange.WhyNot(folder["outer"]), StringComparison.Ordinal);
            Assert.Contains(folder["outer two/in ner"], TreeExchange.WhyNot(folder["outer two"]), StringComparison.Ordinal);
            Assert.Contains("Read-only", TreeExchange.WhyNot(folder["ro/app"]), StringComparison.Ordinal);
            Assert.Contains("chattr", TreeExchange.WhyNot(folder["fixed"]), StringComparison.Ordinal);
            Assert.Contains("root", TreeExchange.WhyNot("/"), StringComparison.Ordinal);
            var error = Assert.Throws<SourceException>(() => TreeExchange.Plan([(folder["plain"], true), (folder["mounted"], true)], Token));
            Assert.Contains("mount point", error.Message, StringComparison.Ordinal);
            Assert.Throws<SourceException>(() => TreeExchange.Plan([(folder["plain"], true), (folder["plain/in"], true)], Token));
        }
        finally
        {
            await folder.ShellAsync("chattr -i fixed; umount mounted outer/inner 'outer two/in ner' bound ro");
        }
    }

    [Fact]
    public async Task What_is_mounted_below_the_live_folder_since_is_neither_exchanged_nor_removed()
    {
        using var folder = new TestFolder();
        folder.Write("app/first", "old");
        Directory.CreateDirectory(folder["app/uploads"]);
        var record = TreeExchange.Plan([(folder["app"], true)], Token);
        TreeSubject.Write(record.Parts[0].Beside, isFolder: true, "new");
        var exchange = new TreeExchange(record);
        exchange.MarkWhole();
        await folder.ShellAsync("mount -t tmpfs none app/uploads; echo kept >app/uploads/kept");
        try
        {
            var error = await Assert.ThrowsAsync<SourceException>(() => exchange.ExchangeAsync(Cancellation));
            Assert.Equal(SourceError.TargetBusy, error.Error);
            await folder.ShellAsync("umount app/uploads");
            await exchange.ExchangeAsync(Cancellation);
            await folder.ShellAsync("mount -t tmpfs none .app.larder-0123abcd-old/uploads; echo kept >.app.larder-0123abcd-old/uploads/kept");
            Assert.Equal(
                SourceError.TargetBusy, (await Assert.ThrowsAsync<SourceException>(() => exchange.ForgetAsync(Cancellation))).Error);
            Assert.Equal("kept\n", await folder.ShellAsync("cat .app.larder-0123abcd-old/uploads/kept"));
        }
        finally
        {
            await folder.ShellAsync("umount app/uploads || umount .app.larder-0123abcd-old/uploads");
        }
        await exchange.ForgetAsync(Cancellation);
        Assert.Equal("app", Assert.Single(Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName)));
    }

    [Fact]
    public async Task Old_data_of_which_a_part_was_removed_is_never_put_back()
    {
        await using var subject = new TreeSubject([("app", true)]);
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        await subject.StageAsync(subject.Open(record), record, "new");
        await subject.Open(record).ExchangeAsync(Cancellation);
        var stuck = Path.Combine(record.Parts[0].Old!, "sub", "second");
        (await ChildProcess.RunAsync(new ChildCommand("chattr", "+i", stuck), Cancellation)).Expect();

        await Assert.ThrowsAsync<SourceException>(() => subject.Open(record).ForgetAsync(Cancellation));
        Assert.False(File.Exists(Path.Combine(record.Parts[0].Old!, "first")));
        Assert.Equal(ExchangeState.Untouched, await subject.Open(record).LookAsync(Cancellation));
        await subject.Open(record).UndoAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());

        (await ChildProcess.RunAsync(new ChildCommand("chattr", "-i", stuck), Cancellation)).Expect();
        await subject.Open(record).ForgetAsync(Cancellation);
        Assert.Equal(["app"], await subject.ListAsync());
    }

    [Fact]
    public async Task A_folder_of_a_hundred_thousand_files_is_taken_over_exchanged_and_removed_in_seconds()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir large; mount -t tmpfs none large");
        try
        {
            await folder.ShellAsync("cd large; for d in $(seq 100); do mkdir -p app/$d; (cd app/$d; seq 1000 | xargs touch); done");
            var record = TreeExchange.Plan([(folder["large/app"], true)], Token);
            var part = Assert.Single(record.Parts);
            Directory.CreateDirectory(part.Beside);
            var exchange = new TreeExchange(record);

            var carried = await TimeAsync("take over", () => TreeExchange.CarryOverAsync(part.Live, part.Beside, Cancellation));
            Assert.Equal((100, 100_000), (carried.Folders, carried.Linked));
            exchange.MarkWhole();
            await TimeAsync("exchange", () => Empty(exchange.ExchangeAsync(Cancellation)));
            await TimeAsync("remove", () => Empty(exchange.ForgetAsync(Cancellation)));
            Assert.Equal("100000\napp\n", await folder.ShellAsync("cd large; find . -type f | wc -l; ls -A"));
        }
        finally
        {
            await folder.ShellAsync("umount large");
        }

        static async Task<bool> Empty(Task task)
        {
            await task;
            return true;
        }

        static async Task<T> TimeAsync<T>(string what, Func<Task<T>> work)
        {
            var started = TimeProvider.System.GetTimestamp();
            var result = await work();
            var taken = TimeProvider.System.GetElapsedTime(started);
            TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {taken.TotalMilliseconds:0} ms");
            Assert.InRange(taken, TimeSpan.Zero, TimeSpan.FromSeconds(30));
            return result;
        }
    }

    [Fact]
    public async Task A_file_that_is_written_beside_stays_there_and_half_of_one_is_forgotten()
    {
        await using var subject = new TreeSubject([("app.conf", false)]);
        await subject.MakeLiveAsync("old");
        var record = await subject.PlanAsync();
        var attributes = new EntryAttributes { Type = EntryType.File, Permissions = 0x1A4 };
        using (var half = RestoredCopy.Begin(record.Parts[0].Beside, attributes, 3))
        {
            await half.WriteAsync("ne"u8.ToArray());
            await subject.Open(record).ForgetAsync(Cancellation); // As after a kill.
            Assert.Equal(["app.conf"], await subject.ListAsync());
        }
        using (var copy = RestoredCopy.Begin(record.Parts[0].Beside, attributes, 3))
        {
            await copy.WriteAsync("new"u8.ToArray());
            await copy.CompleteAsync(Cancellation);
        }
        var exchange = (TreeExchange)subject.Open(record);
        exchange.MarkWhole();
        await exchange.ExchangeAsync(Cancellation);
        Assert.Equal("new", await subject.ReadLiveAsync());
    }

    [Fact]
    public async Task A_folder_of_a_lower_layer_is_left_as_it_was_and_the_reason_is_said()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync(
            "mkdir -p base; mount -t tmpfs none base; cd base; mkdir -p lower/app upper work merged; echo old >lower/app/first; "
            + "mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work,redirect_dir=off none merged");
        try
        {
            var record = TreeExchange.Plan([(folder["base/merged/app"], true)], Token);
            TreeSubject.Write(record.Parts[0].Beside, isFolder: true, "new");
            var exchange = new TreeExchange(record);
            exchange.MarkWhole();
            var error = await Assert.ThrowsAsync<SourceException>(() => exchange.ExchangeAsync(Cancellation));
            Assert.Contains("container", error.Message, StringComparison.Ordinal);
            Assert.Equal(ExchangeState.Beside, await exchange.LookAsync(Cancellation));
            Assert.Equal("old\n", await folder.ShellAsync("cat base/merged/app/first"));
        }
        finally
        {
            await folder.ShellAsync("umount base/merged base");
        }
    }

    [Fact]
    public async Task On_a_full_disk_nothing_counts_as_whole()
    {
        using var folder = new TestFolder();
        await folder.ShellAsync("mkdir small; mount -t tmpfs -o size=64k none small; mkdir small/app; echo old >small/app/first");
        try
        {
            var record = TreeExchange.Plan([(folder["small/app"], true)], Token);
            var exchange = new TreeExchange(record);
            await folder.ShellAsync("mkdir small/.app.larder-0123abcd; head -c 65536 /dev/zero >small/.app.larder-0123abcd/first || true");
            var error = Assert.Throws<SourceException>(exchange.MarkWhole);
            Assert.Equal(SourceError.TargetFull, error.Error);
            Assert.Equal(ExchangeState.Untouched, await exchange.LookAsync(Cancellation));
            await exchange.ForgetAsync(Cancellation);
            Assert.Equal("app\n", await folder.ShellAsync("ls -A small"));
        }
        finally
        {
            await folder.ShellAsync("umount small");
        }
    }
}
