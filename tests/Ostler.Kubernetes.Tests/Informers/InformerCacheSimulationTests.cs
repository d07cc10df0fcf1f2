using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Informers;
using Ostler.Kubernetes.Tests.Support;
using k8s.Models;

namespace Ostler.Kubernetes.Tests.Informers;

/// <summary>
/// A server, its watch, late lists and late answers to our own writes, in random order. Whatever the order: news never goes back in time
/// for one object, what is deleted stays deleted, and in the end the cache is what the server has.
/// </summary>
public sealed class InformerCacheSimulationTests
{
    private sealed class World
    {
        private readonly Random _random;
        private readonly Dictionary<string, V1Node> _server = [];
        private readonly List<(bool Deleted, V1Node Node)> _history = [];
        private readonly List<V1Node> _answers = [];
        private readonly Dictionary<string, ulong> _newestSeen = [];
        private readonly InformerCache<V1Node> _cache;
        private (List<V1Node> Items, string Version, int Position)? _list;
        private int _position;
        private int _version = 10;
        private int _uids;

        public World(int seed)
        {
            _random = new Random(seed);
            _cache = new InformerCache<V1Node>(KnownResources.Nodes, Check);
        }

        public void Step()
        {
            switch (_random.Next(8))
            {
                case 0:
                    Delete();
                    break;
                case 1 or 2 or 3:
                    Write();
                    break;
                case 4:
                    Answer();
                    break;
                case 5:
                    BeginOrEndList();
                    break;
                default:
                    Watch();
                    break;
            }
        }

        public void Settle()
        {
            if (_list is not null)
            {
                BeginOrEndList();
            }
            while (_answers.Count > 0)
            {
                Answer();
            }
            while (_position < _history.Count)
            {
                Watch();
            }
            Assert.Equal(Describe(_server.Values), Describe(_cache.Snapshot()));
        }

        private static IEnumerable<string> Describe(IEnumerable<V1Node> nodes) =>
            nodes.Select(n => $"{n.Metadata.Name} {n.Metadata.Uid} {n.Metadata.ResourceVersion}").Order();

        private string Name() => $"n{_random.Next(4)}";

        private void Write()
        {
            var name = Name();
            var uid = _server.TryGetValue(name, out var old) ? old.Metadata.Uid : $"u{++_uids}";
            var node = NodeJson.Object(name, $"{++_version}", uid);
            _server[name] = node;
            _history.Add((false, node));
            if (_random.Next(2) == 0)
            {
                _answers.Add(node);
            }
        }

        private void Delete()
        {
            if (_server.Remove(Name(), out var node))
            {
                _history.Add((true, NodeJson.Object(node.Metadata.Name, $"{++_version}", node.Metadata.Uid)));
            }
        }

        /// <summary>The answer to one of our writes arrives, in any order.</summary>
        private void Answer()
        {
            if (_answers.Count > 0)
            {
                var index = _random.Next(_answers.Count);
                var node = _answers[index];
                _answers.RemoveAt(index);
                _cache.Absorb(node);
            }
        }

        private void BeginOrEndList()
        {
            if (_list is { } list)
            {
                _cache.Replace(list.Items, list.Version, historyWentBack: false);
                _position = list.Position;
                _list = null;
            }
            else
            {
                _list = ([.. _server.Values], $"{_version}", _history.Count);
            }
        }

        private void Watch()
        {
            // While it lists, the informer does not watch.
            if (_list is null && _position < _history.Count)
            {
                var (deleted, node) = _history[_position++];
                if (deleted)
                {
                    _cache.Delete(node);
                }
                else
                {
                    _cache.Set(node);
                }
                _cache.HeardUpTo(node.Metadata.ResourceVersion);
            }
        }

        private void Check(InformerEvent<V1Node> change)
        {
            var (uid, version) = (change.Object.Metadata.Uid, ulong.Parse(change.Object.Metadata.ResourceVersion, System.Globalization.CultureInfo.InvariantCulture));
            if (change.Type == InformerEventType.Deleted)
            {
                _newestSeen[uid] = ulong.MaxValue;
                return;
            }
            Assert.True(!_newestSeen.TryGetValue(uid, out var seen) || version > seen, $"{change.Type} of {uid} went from {seen} to {version}");
            _newestSeen[uid] = version;
        }
    }

    [Fact]
    public void In_any_order_of_news_the_cache_ends_as_the_server()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            try
            {
                var world = new World(seed);
                for (var step = 0; step < 60; step++)
                {
                    world.Step();
                }
                world.Settle();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}", e);
            }
        }
    }
}
