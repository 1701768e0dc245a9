// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LogicToken} from "base/LogicToken.sol";
import {Proxy} from "base/Proxy.sol";

/// Honest: a proxy (EIP-1967) that has no admin, so it stays what it is.
contract FixedProxy is Proxy {
    constructor(string memory name_, string memory symbol_, uint256 supply) {
        address logic = address(new LogicToken());
        _put(IMPLEMENTATION_SLOT, logic);
        _begin(logic, abi.encodeCall(LogicToken.initialize, (name_, symbol_, supply, msg.sender)));
    }
}
