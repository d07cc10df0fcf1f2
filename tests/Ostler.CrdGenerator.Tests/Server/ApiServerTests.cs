namespace Ostler.CrdGenerator.Tests.Server;

/// <summary>The tests that need an API server; the others run without one.</summary>
[CollectionDefinition]
public sealed class ApiServerTests : ICollectionFixture<ApiServerFixture>;
