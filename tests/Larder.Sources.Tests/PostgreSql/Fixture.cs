using Larder.Testing.Servers;

[assembly: AssemblyFixture(typeof(SharedPostgresServer))]
