using Larder.Testing.Servers;

[assembly: AssemblyFixture(typeof(MariaDbFixture))]

namespace Larder.Sources.Tests.MySql;

[Trait("Kind", "server")]
public sealed class MariaDbServerTests(MariaDbFixture fixture)
{
    [Fact]
    public async Task The_server_of_the_tests_runs_on_a_port_of_its_own()
    {
        var server = await fixture.GetAsync();
        Assert.Equal($"{server.Port}\t127.0.0.1", await server.ExecuteAsync("SELECT @@port, @@bind_address"));
    }
}
