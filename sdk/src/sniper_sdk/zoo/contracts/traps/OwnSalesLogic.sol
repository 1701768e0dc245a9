// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LogicToken} from "base/LogicToken.sol";

/// Lets nobody's allowance be used but that of the account that it first belonged to.
contract OwnSalesLogic is LogicToken {
    address private seller;

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        require(from == seller, "transfer failed");
        return super.transferFrom(from, to, value);
    }

    function _approve(address holder, address spender, uint256 value) internal override {
        if (seller == address(0)) seller = holder;
        super._approve(holder, spender, value);
    }
}
