using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Connections;

public sealed class TokenFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ostler-token");
    private readonly TestClock _time = new();

    private string TokenPath => Path.Combine(_directory.FullName, "token");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_token_is_read_again_after_a_minute()
    {
        File.WriteAllText(TokenPath, "one\n");
        var file = new TokenFile(TokenPath, _time);
        Assert.Equal("one", file.Read());

        File.WriteAllText(TokenPath, "two\n");
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("one", file.Read());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("two", file.Read());
    }

    [Fact]
    public void A_file_that_cannot_be_read_for_a_moment_leaves_the_last_token()
    {
        File.WriteAllText(TokenPath, "one");
        var file = new TokenFile(TokenPath, _time);
        file.Read();
        File.Delete(TokenPath);
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("one", file.Read());
    }

    [Fact]
    public void A_file_that_never_could_be_read_is_an_error() =>
        Assert.ThrowsAny<IOException>(() => new TokenFile(TokenPath, _time).Read());

    [Fact]
    public void A_refusal_of_a_former_token_says_nothing_of_the_present_one()
    {
        File.WriteAllText(TokenPath, "two");
        var file = new TokenFile(TokenPath, _time);
        file.Read();
        File.WriteAllText(TokenPath, "three");

        file.Refused("one");
        Assert.Equal("two", file.Read());
        file.Refused("two");
        Assert.Equal("three", file.Read());
    }

    [Fact]
    public async Task A_rotated_token_is_used_by_the_request_after_the_one_that_was_refused()
    {
        File.WriteAllText(TokenPath, "one");
        var valid = "one";
        await using var server = new ScriptedServer((request, response, _) => request.Header("authorization") == $"Bearer {valid}"
            ? response.JsonAsync(NodeJson.Node("a", "1"))
            : response.StatusAsync(401, "Unauthorized"));
        using var client = InClusterClient.Create(new InClusterOptions { Server = server.Address, TokenFile = TokenPath, TimeProvider = _time });
        var a = NamespacedName.ClusterScoped("a");
        await client.GetAsync(KnownResources.Nodes, a, Within.Deadline);

        valid = "two";
        File.WriteAllText(TokenPath, "two");
        var refused = await Assert.ThrowsAsync<ApiException>(() => client.GetAsync(KnownResources.Nodes, a, Within.Deadline));
        var node = await client.GetAsync(KnownResources.Nodes, a, Within.Deadline);

        Assert.True(refused.IsUnauthorized);
        Assert.NotNull(node);
    }
}
