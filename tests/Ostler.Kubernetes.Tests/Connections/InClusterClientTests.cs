using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Connections;

public sealed class InClusterClientTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ostler-sa");

    public void Dispose() => _directory.Delete(recursive: true);

    private InClusterOptions Options(Uri? server = null) => new() { ServiceAccountDirectory = _directory.FullName, Server = server ?? new Uri("https://127.0.0.1:1") };

    private void Mount(string file, string content) => File.WriteAllText(Path.Combine(_directory.FullName, file), content);

    [Fact]
    public void Without_a_token_there_is_no_service_account_and_the_error_says_why()
    {
        Assert.False(InClusterClient.IsAvailable(Options()));
        var error = Assert.Throws<InvalidOperationException>(() => InClusterClient.Create(Options()));
        Assert.Contains("automountServiceAccountToken", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_token_and_authority_it_is_available()
    {
        Mount("token", "t");
        Assert.False(InClusterClient.IsAvailable(Options()));
        Mount("ca.crt", "pem");
        Assert.True(InClusterClient.IsAvailable(Options()));
    }

    [Fact]
    public void The_namespace_is_that_of_the_pod()
    {
        Assert.Null(InClusterClient.Namespace(Options()));
        Mount("namespace", "ostler-system\n");
        Assert.Equal("ostler-system", InClusterClient.Namespace(Options()));
    }

    [Fact]
    public async Task Requests_carry_token_and_user_agent_and_have_no_timeout_but_the_clients_own()
    {
        Mount("token", "t");
        await using var server = new ScriptedServer((_, response, _) => response.JsonAsync(NodeJson.Node("a", "1")));
        using var http = InClusterClient.CreateHttpClient(Options(new Uri(server.Address.AbsoluteUri.TrimEnd('/'))) with { UserAgent = "ostler-agent/1" });
        using var client = new ApiClient(http);

        await client.GetAsync(KnownResources.Nodes, NamespacedName.ClusterScoped("a"), Within.Deadline);

        var request = Assert.Single(server.Received);
        Assert.Equal("Bearer t", request.Header("authorization"));
        Assert.Equal("ostler-agent/1", request.Header("user-agent"));
        Assert.Equal(Timeout.InfiniteTimeSpan, http.Timeout);
    }
}
