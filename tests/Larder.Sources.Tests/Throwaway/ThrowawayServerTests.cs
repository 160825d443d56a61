using Larder.Sources.Throwaway;
using Larder.Testing;

namespace Larder.Sources.Tests.Throwaway;

/// <summary>What can go wrong before a server answers. The servers themselves are drilled end to end.</summary>
public sealed class ThrowawayServerTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_whose_data_cannot_be_made_is_quoted_and_leaves_nothing()
    {
        var programs = MakePrograms("echo the disk is made of cheese >&2; exit 1", "exit 0");

        var error = await Assert.ThrowsAsync<SourceException>(() => StartAsync(programs));

        Assert.Equal(SourceError.ToolFailed, error.Error);
        Assert.Contains("made of cheese", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(folder["drills"]));
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_when_the_drill_is_and_ends_with_what_it_started()
    {
        var programs = MakePrograms("exit 0", "trap '' QUIT; sleep 777 & echo serving; wait");
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var starting = StartAsync(programs, stopping.Token);
        while (!Directory.GetFiles(folder["drills"], "log", SearchOption.AllDirectories).Any(log => File.ReadAllText(log).Contains("serving", StringComparison.Ordinal)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }

        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.Empty(Directory.GetDirectories(folder["drills"]));
        Assert.Empty(RunningProcesses.FindByArgument(folder.FullPath));
    }

    [Theory]
    [InlineData("postgresql", "initdb")]
    [InlineData("mongodb", "mongod")]
    [InlineData("mysql", "mariadbd")]
    public async Task A_folder_without_the_programs_is_named_and_so_is_the_key(string engine, string program)
    {
        Directory.CreateDirectory(folder["drills"]);
        var request = new ThrowawayRequest { Engine = engine, ProgramFolder = folder["none"], ParentFolder = folder["drills"] };

        var error = await Assert.ThrowsAsync<SourceException>(
            () => ThrowawayServer.StartAsync(request, new FolderDump(folder.Make("dump")), TimeProvider.System, Token));

        Assert.Equal(SourceError.ToolMissing, error.Error);
        Assert.Contains(program, error.Message, StringComparison.Ordinal);
        Assert.Contains("drill.programs", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(folder["drills"]));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_said()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() => ThrowawayFolder.CreateAsync(folder["nowhere"], Token));

        Assert.Equal(SourceError.TargetFailed, error.Error);
        Assert.Contains(folder["nowhere"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_goes_with_all_that_is_in_it()
    {
        string path;
        await using (var kept = await ThrowawayFolder.CreateAsync(folder.FullPath, Token))
        {
            path = kept.FullPath;
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
            var inner = kept.Make("inner");
            await File.WriteAllTextAsync(Path.Combine(inner, "file"), "", Token);
            File.SetUnixFileMode(inner, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        Assert.False(Directory.Exists(path));
    }

    public ValueTask DisposeAsync() => folder.DisposeAsync();

    private Task<ThrowawayServer> StartAsync(string programs, CancellationToken? token = null)
    {
        Directory.CreateDirectory(folder["drills"]);
        var request = new ThrowawayRequest { Engine = "postgresql", ProgramFolder = programs, ParentFolder = folder["drills"] };
        return ThrowawayServer.StartAsync(request, new FolderDump(folder.Make("dump")), TimeProvider.System, token ?? Token);
    }

    /// <summary>Programs in the place of PostgreSQL's, which anybody may run.</summary>
    private string MakePrograms(string initdb, string postgres)
    {
        const UnixFileMode everybody = (UnixFileMode)0b111_101_101;
        var programs = folder.Make("programs");
        File.SetUnixFileMode(folder.FullPath, everybody);
        foreach (var (name, script) in new[] { ("initdb", initdb), ("postgres", postgres) })
        {
            File.WriteAllText(Path.Combine(programs, name), $"#!/bin/sh\n{script}\n");
            File.SetUnixFileMode(Path.Combine(programs, name), everybody);
        }
        return programs;
    }
}
