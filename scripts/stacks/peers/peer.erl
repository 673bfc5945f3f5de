%% A strict TLS peer (escript). Told: accept or dial, port, TLS version, roots, its chain (-: none), its key, CRLs
%% (-: none), the name to dial. Answers each request with 200; sends what stdin says when it dials.
-mode(compile).

main([Role, Port, Version, Trust, Chain, Key, Crl, Name, _Stance]) ->
    {ok, _} = application:ensure_all_started(ssl),
    Options =
        [{versions, [list_to_atom("tlsv" ++ Version)]}, {cacertfile, Trust}, {verify, verify_peer}, {depth, 5},
         {active, false}, {mode, binary}]
        ++ own(Chain, Key) ++ crls(Crl),
    run(Role, list_to_integer(Port), Options, Name).

own("-", _) -> [];
own(Chain, Key) -> [{certfile, Chain}, {keyfile, Key}].

crls("-") -> [];
crls(File) ->
    {ok, Pem} = file:read_file(File),
    Lists = [Der || {'CertificateList', Der, _} <- public_key:pem_decode(Pem)],
    ok = ssl_crl_cache:insert({der, Lists}),
    [{crl_check, true}, {crl_cache, {ssl_crl_cache, {internal, []}}}].

run("accept", Port, Options, _) ->
    {ok, Listener} =
        ssl:listen(Port, [{ip, {127, 0, 0, 1}}, {reuseaddr, true}, {fail_if_no_peer_cert, true} | Options]),
    accept(Listener);
run("dial", Port, Options, Name) ->
    case ssl:connect({127, 0, 0, 1}, Port, [{server_name_indication, Name} | Options], 5000) of
        {ok, Socket} ->
            ok = ssl:send(Socket, request([])),
            drain(Socket, ssl:recv(Socket, 0, 2000));
        {error, Reason} ->
            io:format("~p~n", [{error, Reason}])
    end.

request(["\r\n" | _] = Lines) -> lists:reverse(Lines);
request(Lines) ->
    case io:get_line("") of
        Line when is_list(Line) -> request([Line | Lines]);
        _ -> lists:reverse(Lines)
    end.

accept(Listener) ->
    {ok, Socket} = ssl:transport_accept(Listener),
    Serving = spawn(fun() -> receive go -> serve(ssl:handshake(Socket, 5000)) end end),
    _ = ssl:controlling_process(Socket, Serving),
    Serving ! go,
    accept(Listener).

serve({ok, Socket}) -> answer(Socket, ssl:recv(Socket, 0));
serve({error, Reason}) -> io:format("~p~n", [{error, Reason}]).

answer(Socket, {ok, Request}) ->
    Copied = [[Line, "\r\n"] || Line <- string:split(Request, "\r\n", all), copied(Line)],
    _ = ssl:send(Socket, ["SIP/2.0 200 OK\r\n", Copied, "Server: erlang\r\nContent-Length: 0\r\n\r\n"]),
    answer(Socket, ssl:recv(Socket, 0));
answer(_, {error, closed}) -> ok;
answer(_, {error, Reason}) -> io:format("~p~n", [{error, Reason}]).

copied(Line) -> re:run(Line, "^(?:via|from|to|call-id|cseq):", [caseless]) =/= nomatch.

drain(Socket, {ok, _}) -> drain(Socket, ssl:recv(Socket, 0, 2000));
drain(_, {error, timeout}) -> ok;
drain(_, {error, closed}) -> ok;
drain(_, {error, Reason}) -> io:format("~p~n", [{error, Reason}]).
