// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Proxy} from "base/Proxy.sol";
import {UupsLogic} from "traps/UupsLogic.sol";

/// Trap: a proxy (EIP-1967) whose owner replaces the implementation through the implementation (EIP-1822).
contract ProxyUups is Proxy {
    constructor(string memory name_, string memory symbol_, uint256 supply) {
        address logic = address(new UupsLogic());
        _put(IMPLEMENTATION_SLOT, logic);
        _begin(logic, abi.encodeCall(UupsLogic.initializeOwned, (name_, symbol_, supply, msg.sender)));
    }
}
